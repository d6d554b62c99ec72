using System.Buffers.Binary;
using System.Text.Json;

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
    private const int LengthSize = 8;
    private const int Alignment = 8;
    private const string MetadataKey = "__metadata__";

    /// <summary>The limit of the reference implementation; a longer header is an attack, not a model.</summary>
    private const long MaxHeaderLength = 100_000_000;

    private static readonly Dictionary<string, int> ElementSizes = new()
    {
        ["BOOL"] = 1, ["U8"] = 1, ["I8"] = 1, ["I16"] = 2, ["U16"] = 2, ["F16"] = 2, ["BF16"] = 2,
        ["I32"] = 4, ["U32"] = 4, ["F32"] = 4, ["I64"] = 8, ["U64"] = 8, ["F64"] = 8,
    };

    /// <summary>
    /// Writes the tensors in the given order, but those with larger elements first: readers map the file, so every element must lie at a multiple of its size.
    /// Equal content gives equal bytes.
    /// </summary>
    public static void Write(Stream file, SafetensorsContent content)
    {
        var tensors = content.Tensors.OrderByDescending(tensor => ElementSizes[tensor.Dtype]).ToList();
        var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataKey);
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
        Span<byte> length = stackalloc byte[LengthSize];
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
        var total = file.Length - file.Position;
        Require(total >= LengthSize, $"The file has {total} bytes; the shortest has {LengthSize}.");
        Span<byte> lengthBytes = stackalloc byte[LengthSize];
        file.ReadExactly(lengthBytes);
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        Require(headerLength <= MaxHeaderLength, $"The header claims {headerLength} bytes; at most {MaxHeaderLength} are allowed.");
        Require((long)headerLength <= total - LengthSize, $"The header claims {headerLength} bytes, but only {total - LengthSize} follow.");

        var header = new byte[headerLength];
        file.ReadExactly(header);
        var dataLength = total - LengthSize - (long)headerLength;
        Require(dataLength <= Array.MaxLength, $"The tensors are {dataLength} bytes; at most {Array.MaxLength} are allowed.");
        var (metadata, entries) = ParseHeader(header, dataLength);
        var data = new byte[dataLength];
        file.ReadExactly(data);
        return new SafetensorsContent(metadata,
            [.. entries.Select(entry => new SafetensorsTensor(entry.Name, entry.Dtype, entry.Shape, data.AsMemory((int)entry.Start, (int)(entry.End - entry.Start))))]);
    }

    private static (Dictionary<string, string> Metadata, List<Entry> Entries) ParseHeader(byte[] header, long dataLength)
    {
        Require(header.Length > 0 && header[0] == '{', "The header does not start with '{'.");
        var metadata = new Dictionary<string, string>();
        var entries = new List<Entry>();
        try
        {
            using var json = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            foreach (var property in json.RootElement.EnumerateObject())
            {
                if (property.Name != MetadataKey)
                {
                    entries.Add(ParseEntry(property));
                    continue;
                }

                foreach (var item in property.Value.EnumerateObject())
                    metadata.Add(item.Name, item.Value.GetString() ?? throw new InvalidDataException($"The metadata '{item.Name}' is not a text."));
            }
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"The header is not valid: {damage.Message}", damage);
        }

        entries.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.End.CompareTo(b.End));
        var position = 0L;
        foreach (var entry in entries)
        {
            Require(entry.Start == position, $"The tensor '{entry.Name}' starts at {entry.Start}, but the one before it ends at {position}; overlaps and gaps are not allowed.");
            position = entry.End;
        }

        Require(position == dataLength, $"The tensors take {position} bytes, but {dataLength} follow the header.");
        return (metadata, entries);
    }

    private static Entry ParseEntry(JsonProperty property)
    {
        var dtype = property.Value.GetProperty("dtype").GetString() ?? "";
        Require(ElementSizes.TryGetValue(dtype, out var elementSize), $"The tensor '{property.Name}' has the unknown type '{dtype}'.");
        var shape = property.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        var offsets = property.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt64()).ToArray();
        Require(offsets is [>= 0, _] && offsets[1] >= offsets[0], $"The tensor '{property.Name}' has invalid offsets.");
        long size = elementSize;
        try
        {
            foreach (var dimension in shape)
            {
                Require(dimension >= 0, $"The tensor '{property.Name}' has a negative dimension.");
                size = checked(size * dimension);
            }
        }
        catch (OverflowException)
        {
            throw new InvalidDataException($"The tensor '{property.Name}' is larger than any file.");
        }

        Require(size == offsets[1] - offsets[0], $"The tensor '{property.Name}' needs {size} bytes, but its offsets span {offsets[1] - offsets[0]}.");
        return new Entry(property.Name, dtype, shape, offsets[0], offsets[1]);
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
            throw new InvalidDataException(problem);
    }

    private sealed record Entry(string Name, string Dtype, long[] Shape, long Start, long End);
}
