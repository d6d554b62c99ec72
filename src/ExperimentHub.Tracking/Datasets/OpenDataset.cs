using ExperimentHub.Protocol.Datasets;
using Microsoft.Win32.SafeHandles;

namespace ExperimentHub.Tracking.Datasets;

/// <summary>The two halves of a data set.</summary>
public enum DatasetSplit
{
    Train,
    Test,
}

/// <summary>
/// A data set whose four files were found and verified. The files stay open: what is read later comes from the very files that were verified. Images
/// are read where they lie, one by one; labels are in memory.
/// </summary>
public sealed class OpenDataset
{
    private const int ImageHeader = 16;

    private readonly SafeFileHandle _trainImages;
    private readonly SafeFileHandle _testImages;

    internal OpenDataset(
        DatasetInfo info, string sha256, IReadOnlyList<FoundFile> files, SafeFileHandle trainImages, byte[] trainLabels, SafeFileHandle testImages,
        byte[] testLabels)
    {
        (Info, Sha256, Files) = (info, sha256, files);
        (_trainImages, TrainLabels, _testImages, TestLabels) = (trainImages, trainLabels, testImages, testLabels);
    }

    public DatasetInfo Info { get; }

    /// <summary>What it is, see <see cref="DatasetInfo.Identity"/>.</summary>
    public string Sha256 { get; }

    /// <summary>Train images, train labels, test images, test labels.</summary>
    public IReadOnlyList<FoundFile> Files { get; }

    public long SizeOnDisk => Files.Sum(file => file.Length);

    public byte[] TrainLabels { get; }
    public byte[] TestLabels { get; }

    public byte[] Labels(DatasetSplit split) => split == DatasetSplit.Train ? TrainLabels : TestLabels;

    /// <summary>How many images each class has, by label.</summary>
    public IReadOnlyList<int> CountByClass(DatasetSplit split)
    {
        var counts = new int[Info.Classes];
        foreach (var label in Labels(split))
            counts[label]++;
        return counts;
    }

    /// <summary>The first images of a class, in the order of the file.</summary>
    public IEnumerable<int> FirstOf(DatasetSplit split, int label, int most)
    {
        var labels = Labels(split);
        return Enumerable.Range(0, labels.Length).Where(i => labels[i] == label).Take(most);
    }

    /// <summary>One image, row after row.</summary>
    /// <param name="index">From 0, below the number of images in the split.</param>
    /// <param name="pixels">Exactly as long as an image.</param>
    public void ReadImage(DatasetSplit split, int index, Span<byte> pixels)
    {
        var file = split == DatasetSplit.Train ? _trainImages : _testImages;
        var offset = ImageHeader + (long)index * pixels.Length;
        while (pixels.Length > 0)
        {
            var read = RandomAccess.Read(file, pixels, offset);
            if (read == 0)
                throw new EndOfStreamException($"A file of {Info.Name} became shorter while it was open.");
            pixels = pixels[read..];
            offset += read;
        }
    }
}
