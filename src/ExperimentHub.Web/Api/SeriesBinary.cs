using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ExperimentHub.Web.Api;

/// <summary>
/// The series as columns that a browser's typed arrays and numpy read in place: "EHS1", the header's length (4 bytes), the header as JSON, then the
/// columns, each at a multiple of 8 bytes, all little-endian. The header is the resource itself with <c>[type, offset after the header, count]</c>
/// instead of each list; a type is <c>i4</c>, <c>f4</c> or
/// <c>f8</c>, the smallest that loses nothing. NaN and infinities are themselves.
/// </summary>
internal static class SeriesBinary
{
    public const string MediaType = "application/vnd.experimenthub.series";

    private const int Alignment = 8;
    private const int Prefix = 8;

    private static ReadOnlySpan<byte> Magic => "EHS1"u8;

    /// <summary>By its word in the address or, where there is none, by the Accept header.</summary>
    public static bool IsAskedFor(HttpRequest request, string? format) =>
        format == "binary" || (format is null && request.GetTypedHeaders().Accept.Any(type => type.MediaType == MediaType && type.Quality is not 0));

    public static byte[] Write(SeriesResource resource) =>
        Write((json, body) => Curves(json, body, resource.StepsPerEpoch, resource.Series, resource.Times));

    /// <summary>
    /// The same for several runs: the header has <c>runs</c>, each with what a single run's header has and beside it <c>run</c> and
    /// <c>epochSeconds</c>.
    /// </summary>
    public static byte[] Write(ManySeriesResource resource) => Write((json, body) =>
    {
        json.WriteStartArray("runs");
        foreach (var run in resource.Runs)
        {
            json.WriteStartObject();
            json.WriteString("run", run.Run);
            Column(json, body, "epochSeconds", run.EpochSeconds);
            Curves(json, body, run.StepsPerEpoch, run.Series, run.Times);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static byte[] Write(Action<Utf8JsonWriter, ArrayBufferWriter<byte>> fill)
    {
        var header = new ArrayBufferWriter<byte>(1024);
        var body = new ArrayBufferWriter<byte>(64 << 10);
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            fill(json, body);
            json.WriteEndObject();
        }

        var headerLength = RoundUp(header.WrittenCount);
        var answer = new byte[Prefix + headerLength + body.WrittenCount];
        Magic.CopyTo(answer);
        BinaryPrimitives.WriteInt32LittleEndian(answer.AsSpan(Magic.Length), headerLength);
        header.WrittenSpan.CopyTo(answer.AsSpan(Prefix));
        answer.AsSpan(Prefix + header.WrittenCount, headerLength - header.WrittenCount).Fill((byte)' '); // JSON does not mind
        body.WrittenSpan.CopyTo(answer.AsSpan(Prefix + headerLength));
        return answer;
    }

    private static void Curves(Utf8JsonWriter json, ArrayBufferWriter<byte> body, int? stepsPerEpoch, IReadOnlyList<MetricSeriesResource> all,
        StepTimes times)
    {
        json.WritePropertyName("stepsPerEpoch");
        JsonSerializer.Serialize(json, stepsPerEpoch);
        json.WriteStartArray("series");
        foreach (var series in all)
        {
            json.WriteStartObject();
            json.WriteString("metric", series.Metric);
            json.WriteNumber("stepsPerBucket", series.StepsPerBucket);
            Column(json, body, "steps", series.Steps);
            Column(json, body, "values", series.Values);
            if (series.Min is { } min)
                Column(json, body, "min", min);
            if (series.Max is { } max)
                Column(json, body, "max", max);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("times");
        Column(json, body, "steps", times.Steps);
        Column(json, body, "unix", times.Unix);
        json.WriteEndObject();
    }

    private static void Column(Utf8JsonWriter json, ArrayBufferWriter<byte> body, string name, IReadOnlyList<long> numbers)
    {
        if (numbers.All(number => number is >= int.MinValue and <= int.MaxValue))
            Column(json, body, name, "i4", [.. numbers.Select(number => (int)number)]);
        else
            Column(json, body, name, "f8", [.. numbers.Select(number => (double)number)]); // exact to 2^53, as far as a browser counts
    }

    private static void Column(Utf8JsonWriter json, ArrayBufferWriter<byte> body, string name, IReadOnlyList<double> numbers)
    {
        if (numbers.All(number => double.IsNaN(number) || (float)number == number))
            Column(json, body, name, "f4", [.. numbers.Select(number => (float)number)]);
        else
            Column(json, body, name, "f8", [.. numbers]);
    }

    /// <summary>Every system that .NET's server runs on is little-endian, so the numbers are copied as they lie in memory.</summary>
    private static void Column<T>(Utf8JsonWriter json, ArrayBufferWriter<byte> body, string name, string type, ReadOnlySpan<T> numbers)
        where T : unmanaged
    {
        json.WriteStartArray(name);
        json.WriteStringValue(type);
        json.WriteNumberValue(body.WrittenCount);
        json.WriteNumberValue(numbers.Length);
        json.WriteEndArray();
        var bytes = MemoryMarshal.AsBytes(numbers);
        var length = RoundUp(bytes.Length);
        var place = body.GetSpan(length)[..length];
        bytes.CopyTo(place);
        place[bytes.Length..].Clear();
        body.Advance(length);
    }

    private static int RoundUp(int length) => (length + Alignment - 1) / Alignment * Alignment;
}
