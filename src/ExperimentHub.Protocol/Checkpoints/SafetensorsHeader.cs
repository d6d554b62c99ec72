using System.Buffers.Binary;
using System.Text.Json;

namespace ExperimentHub.Protocol.Checkpoints;

/// <summary>One tensor as the header of a safetensors file describes it.</summary>
/// <param name="Dtype">The format's name of the element type, such as F32.</param>
/// <param name="Start">Of its bytes, counted from the end of the header.</param>
/// <param name="End">The byte after its last.</param>
public sealed record SafetensorsEntry(string Name, string Dtype, IReadOnlyList<long> Shape, long Start, long End);

/// <summary>
/// The header of a safetensors file: 8 bytes little-endian length, JSON, then the tensors without gaps (huggingface/safetensors, README "Format").
/// Every rule of the format is checked, so that what passes is nothing but tensors: no pickle, no archive, nothing hidden between or behind them.
/// </summary>
/// <param name="Tensors">In the order of their bytes.</param>
/// <param name="DataLength">Bytes that follow the header.</param>
public sealed record SafetensorsHeader(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<SafetensorsEntry> Tensors, long DataLength)
{
    public const string MetadataKey = "__metadata__";

    private const int LengthSize = 8;

    /// <summary>The limit of the reference implementation; a longer header is an attack, not a model.</summary>
    private const long MaxHeaderLength = 100_000_000;

    /// <summary>Bytes of one element by the format's names of types.</summary>
    public static IReadOnlyDictionary<string, int> ElementSizes { get; } = new Dictionary<string, int>
    {
        ["BOOL"] = 1, ["U8"] = 1, ["I8"] = 1, ["I16"] = 2, ["U16"] = 2, ["F16"] = 2, ["BF16"] = 2,
        ["I32"] = 4, ["U32"] = 4, ["F32"] = 4, ["I64"] = 8, ["U64"] = 8, ["F64"] = 8,
    };

    /// <summary>Reads the header of a seekable stream that stands at the file's start; leaves it at the first tensor.</summary>
    /// <exception cref="InvalidDataException">The file breaks a rule of the format; the message says which.</exception>
    public static SafetensorsHeader Read(Stream file)
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
        return Parse(header, total - LengthSize - (long)headerLength);
    }

    /// <returns>Which rule of the format a file breaks; null if it breaks none. The stream is left anywhere.</returns>
    public static string? Problem(Stream file)
    {
        try
        {
            _ = Read(file);
            return null;
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
    }

    private static SafetensorsHeader Parse(byte[] header, long dataLength)
    {
        Require(header.Length > 0 && header[0] == '{', "The header does not start with '{'.");
        var metadata = new Dictionary<string, string>();
        var entries = new List<SafetensorsEntry>();
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
            Require(entry.Start == position,
                $"The tensor '{entry.Name}' starts at {entry.Start}, but the one before it ends at {position}; overlaps and gaps are not allowed.");
            position = entry.End;
        }

        Require(position == dataLength, $"The tensors take {position} bytes, but {dataLength} follow the header.");
        return new SafetensorsHeader(metadata, entries, dataLength);
    }

    private static SafetensorsEntry ParseEntry(JsonProperty property)
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
        return new SafetensorsEntry(property.Name, dtype, shape, offsets[0], offsets[1]);
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
            throw new InvalidDataException(problem);
    }
}
