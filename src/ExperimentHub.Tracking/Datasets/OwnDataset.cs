using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Datasets;

/// <summary>A data set that a person uploaded. Its files lie in <see cref="DataFolder.Datasets"/>, uncompressed and under their usual names.</summary>
public sealed class OwnDataset
{
    public const int MaxNameLength = Limits.DatasetName;

    /// <summary>The page of the upload has this address.</summary>
    public const string ReservedKey = "new";

    /// <summary>Made from the name: lower-case letters, digits and hyphens. What specs and addresses say.</summary>
    public required string Key { get; init; }

    public required string Name { get; init; }
    public required int TrainSamples { get; init; }
    public required int TestSamples { get; init; }
    public required int Classes { get; init; }
    public required int Height { get; init; }
    public required int Width { get; init; }

    /// <summary>One for each class, or none at all.</summary>
    public required List<string> ClassNames { get; init; }

    /// <summary>SHA-256 of the four files: train images, train labels, test images, test labels.</summary>
    public required List<string> FileHashes { get; init; }

    public DateTime CreatedAt { get; init; }

    /// <summary>The key that belongs to a name; empty where the name has nothing to make one of.</summary>
    public static string KeyOf(string name) =>
        string.Join('-', new string([.. name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The same in the words that the trainer knows.</summary>
    public DatasetInfo ToInfo()
    {
        long[] sizes = [16 + (long)TrainSamples * Height * Width, 8 + TrainSamples, 16 + (long)TestSamples * Height * Width, 8 + TestSamples];
        return new DatasetInfo(Key, Name, TrainSamples, TestSamples, Classes, Height, Width,
            [.. DatasetFile.UsualNames.Select((name, i) => new DatasetFile(name, sizes[i], FileHashes[i]))], [], null)
        {
            ClassNames = ClassNames,
        };
    }

    internal sealed class Mapping : IEntityTypeConfiguration<OwnDataset>
    {
        public void Configure(EntityTypeBuilder<OwnDataset> dataset)
        {
            dataset.HasKey(d => d.Key);
            dataset.Property(d => d.Key).HasMaxLength(MaxNameLength);
            dataset.Property(d => d.Name).HasMaxLength(MaxNameLength);
        }
    }
}
