using System.Buffers.Binary;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Tracking.Evaluations;

/// <summary>Lists of numbers as bytes in a column, little-endian, one after the other.</summary>
internal static class PackedLists
{
    // Index, label, prediction, loss, confidence.
    private const int ImageSize = 4 + 1 + 1 + 4 + 4;

    public static byte[] Pack(IReadOnlyList<int> counts)
    {
        var bytes = new byte[counts.Count * sizeof(int)];
        for (var i = 0; i < counts.Count; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * sizeof(int)), counts[i]);
        return bytes;
    }

    public static IReadOnlyList<int> Counts(byte[] bytes)
    {
        var counts = new int[bytes.Length / sizeof(int)];
        for (var i = 0; i < counts.Length; i++)
            counts[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * sizeof(int)));
        return counts;
    }

    /// <param name="images">Labels and predictions are below 256.</param>
    public static byte[] Pack(IReadOnlyList<WorstImage> images)
    {
        var bytes = new byte[images.Count * ImageSize];
        for (var i = 0; i < images.Count; i++)
        {
            var one = bytes.AsSpan(i * ImageSize, ImageSize);
            BinaryPrimitives.WriteInt32LittleEndian(one, images[i].Index);
            one[4] = checked((byte)images[i].Label);
            one[5] = checked((byte)images[i].Prediction);
            BinaryPrimitives.WriteSingleLittleEndian(one[6..], images[i].Loss);
            BinaryPrimitives.WriteSingleLittleEndian(one[10..], images[i].Confidence);
        }

        return bytes;
    }

    public static IReadOnlyList<WorstImage> Images(byte[] bytes)
    {
        var images = new WorstImage[bytes.Length / ImageSize];
        for (var i = 0; i < images.Length; i++)
        {
            var one = bytes.AsSpan(i * ImageSize, ImageSize);
            images[i] = new WorstImage(
                BinaryPrimitives.ReadInt32LittleEndian(one), one[4], one[5], BinaryPrimitives.ReadSingleLittleEndian(one[6..]),
                BinaryPrimitives.ReadSingleLittleEndian(one[10..]));
        }

        return images;
    }
}
