using System.Buffers.Binary;

namespace ExperimentHub.Tracking.Runs;

/// <summary>The mean training loss of the steps since the point before.</summary>
/// <param name="Step">Counts over all epochs.</param>
public readonly record struct LossPoint(long Step, float Loss);

/// <summary>Packs points as pairs of little-endian int64 step and float32 loss: one value per epoch instead of a row per point.</summary>
public static class LossCurve
{
    private const int PointSize = sizeof(long) + sizeof(float);

    public static byte[] Pack(IReadOnlyCollection<LossPoint> points)
    {
        var bytes = new byte[points.Count * PointSize];
        var rest = bytes.AsSpan();
        foreach (var point in points)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, point.Step);
            BinaryPrimitives.WriteSingleLittleEndian(rest[sizeof(long)..], point.Loss);
            rest = rest[PointSize..];
        }

        return bytes;
    }

    public static IEnumerable<LossPoint> Unpack(byte[] bytes)
    {
        for (var offset = 0; offset + PointSize <= bytes.Length; offset += PointSize)
            yield return new LossPoint(
                BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(offset)),
                BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(offset + sizeof(long))));
    }
}
