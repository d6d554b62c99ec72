using System.Buffers.Binary;
using System.Text.Json;
using ExperimentHub.Protocol.Checkpoints;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Dtype">The format's name of the element type, such as F32.</param>
/// <param name="Data">Little-endian elements, row-major, exactly as many as the shape says.</param>
internal sealed record SafetensorsTensor(string Name, string Dtype, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data);

/// <summary>What a safetensors file holds, in the order of the data.</summary>
internal sealed record SafetensorsContent(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<SafetensorsTensor> Tensors);

/// <summary>
/// The safetensors format: 8 bytes little-endian length of the header, the header as JSON padded with spaces, then the tensors without gaps.
/// A reader follows no reference and runs no code, so the format is safe for files from others; every rule of it is checked on reading.
/// </summary>
internal static class SafetensorsFile
{
    private const int Alignment = 8;

    /// <summary>
    /// Writes the tensors in the given order, but those with larger elements first: readers map the file, so every element must lie at a multiple of
    /// its size. Equal content gives equal bytes.
    /// </summary>
    public static void Write(Stream file, SafetensorsContent content)
    {
        var tensors = content.Tensors.OrderByDescending(tensor => SafetensorsHeader.ElementSizes[tensor.Dtype]).ToList();
        var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteStartObject(SafetensorsHeader.MetadataKey);
            foreach (var (key, value) in content.Metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Dtype);
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Data.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (header.Length % Alignment != 0)
            header.WriteByte((byte)' ');
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        file.Write(header.GetBuffer().AsSpan(0, (int)header.Length));
        foreach (var tensor in tensors)
            file.Write(tensor.Data.Span);
    }

    /// <summary>Reads a whole file from a seekable stream that stands at its start.</summary>
    /// <exception cref="InvalidDataException">The file breaks a rule of the format; the message says which.</exception>
    public static SafetensorsContent Read(Stream file)
    {
        var header = SafetensorsHeader.Read(file);
        if (header.DataLength > Array.MaxLength)
            throw new InvalidDataException($"The tensors are {header.DataLength} bytes; at most {Array.MaxLength} are allowed.");
        var data = new byte[header.DataLength];
        file.ReadExactly(data);
        return new SafetensorsContent(header.Metadata,
            [.. header.Tensors.Select(tensor => new SafetensorsTensor(tensor.Name, tensor.Dtype, tensor.Shape,
                data.AsMemory((int)tensor.Start, (int)(tensor.End - tensor.Start))))]);
    }
}
