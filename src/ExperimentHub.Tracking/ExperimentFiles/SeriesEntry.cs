using System.Buffers.Binary;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>Points of one metric that follow each other.</summary>
internal readonly record struct SeriesPart(string Metric, ReadOnlyMemory<MetricPoint> Points);

/// <summary>
/// The points of all metrics of a run, little-endian, as the hub keeps them:
/// <code>
/// series: name length u16 | name UTF-8 | chunks | 0 i32
/// chunk:  length i32 | as ChunkCodec packs it
/// </code>
/// </summary>
internal static class SeriesEntry
{
    private static readonly long Earliest = new DateTimeOffset(Limits.Earliest).ToUnixTimeMilliseconds();
    private static readonly long Latest = new DateTimeOffset(Limits.Latest).ToUnixTimeMilliseconds();

    private const int MaxNameBytes = 4 * MetricNames.MaxLength;

    public static byte[] Begin(string metric)
    {
        var name = Encoding.UTF8.GetBytes(metric);
        var bytes = new byte[sizeof(ushort) + name.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, checked((ushort)name.Length));
        name.CopyTo(bytes, sizeof(ushort));
        return bytes;
    }

    /// <param name="chunk">Empty for the end of a series.</param>
    public static byte[] Chunk(ReadOnlySpan<byte> chunk)
    {
        var bytes = new byte[sizeof(int) + chunk.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, chunk.Length);
        chunk.CopyTo(bytes.AsSpan(sizeof(int)));
        return bytes;
    }

    /// <summary>Reads what was written, at most one chunk in memory. The points of a part are only good until the next one.</summary>
    /// <exception cref="BadExperimentFileException">It is something else.</exception>
    public static IEnumerable<SeriesPart> Read(Stream stream)
    {
        var metrics = new HashSet<string>(StringComparer.Ordinal);
        var points = new MetricPoint[ChunkCodec.MaxPoints];
        var chunk = new ChunkBuilder();
        while (ReadName(stream) is { } metric)
        {
            if (!metrics.Add(metric))
                throw new BadExperimentFileException($"it has the metric {metric} twice");
            if (metrics.Count > Limits.MetricsOfARun)
                throw new BadExperimentFileException($"it has more than {Limits.MetricsOfARun:N0} metrics");
            var last = -1L;
            while (ReadChunk(stream) is { } bytes)
            {
                Load(chunk, bytes, metric, last);
                last = chunk.Steps[^1];
                for (var i = 0; i < chunk.Count; i++)
                    points[i] = new MetricPoint(chunk.Steps[i], chunk.Times[i], chunk.Values[i]);
                yield return new SeriesPart(metric, points.AsMemory(0, chunk.Count));
            }
        }
    }

    private static void Load(ChunkBuilder chunk, byte[] bytes, string metric, long last)
    {
        try
        {
            chunk.Load(bytes);
        }
        catch (DamagedChunkException e)
        {
            throw new BadExperimentFileException($"the points of {metric} cannot be read: {e.Message}");
        }

        if (chunk.Times[..chunk.Count].ContainsAnyExceptInRange(Earliest, Latest))
            throw new BadExperimentFileException($"a point of {metric} has a time that no clock shows");
        if (chunk.Steps[0] <= last)
            throw new BadExperimentFileException($"step {chunk.Steps[0]} of {metric} does not come after step {last}");
    }

    /// <returns>null at the end.</returns>
    private static string? ReadName(Stream stream)
    {
        var length = new byte[sizeof(ushort)];
        switch (stream.ReadAtLeast(length, length.Length, throwOnEndOfStream: false))
        {
            case 0:
                return null;
            case 1:
                throw CutOff();
        }

        var count = BinaryPrimitives.ReadUInt16LittleEndian(length);
        if (count is 0 or > MaxNameBytes)
            throw new BadExperimentFileException($"a metric's name of {count} bytes is none");
        var metric = Encoding.UTF8.GetString(ReadExactly(stream, count));
        return metric.Length <= MetricNames.MaxLength && !string.IsNullOrWhiteSpace(metric) && !metric.Any(char.IsControl)
            ? metric : throw new BadExperimentFileException("a metric's name cannot be used");
    }

    private static byte[]? ReadChunk(Stream stream)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(ReadExactly(stream, sizeof(int)));
        if (length < 0 || length > ChunkCodec.MaxLength(ChunkCodec.MaxPoints))
            throw new BadExperimentFileException($"no chunk of points has {length} bytes");
        return length == 0 ? null : ReadExactly(stream, length);
    }

    private static byte[] ReadExactly(Stream stream, int count)
    {
        var bytes = new byte[count];
        return stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count ? bytes : throw CutOff();
    }

    private static BadExperimentFileException CutOff() => new("the points are cut off");
}
