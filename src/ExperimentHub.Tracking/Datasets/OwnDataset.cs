using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Names;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Datasets;

/// <summary>
/// A data set that a person uploaded. Its files lie in <see cref="DataFolder.Datasets"/>, uncompressed and under their usual names.
/// </summary>
public sealed class OwnDataset
{
    public const int MaxNameLength = Limits.DatasetName;

    /// <summary>A folder's name has at most 255 bytes.</summary>
    private const int MaxKeyBytes = 200;

    private const int KeyEnding = 12;

    /// <summary>The page of the upload has this address.</summary>
    public const string ReservedKey = "new";

    /// <summary>
    /// Made from the name: lower-case letters and digits of any script, and hyphens. What specs and addresses say, and the name of its folder.
    /// </summary>
    public required string Key { get; init; }

    public required string Name { get; init; }
    public required int TrainSamples { get; init; }
    public required int TestSamples { get; init; }
    public required int Classes { get; init; }
    public required int Height { get; init; }
    public required int Width { get; init; }

    /// <summary>One for each class, or none at all.</summary>
    public required List<string> ClassNames { get; init; }

    /// <summary>
    /// The four files, uncompressed, in no order. They are read together with the row. A person may have compressed one where it lies; what is in it
    /// is still this.
    /// </summary>
    public List<Artifact> Files { get; } = [];

    public DateTime CreatedAt { get; init; }

    /// <summary>The key that belongs to a name; empty where the name has nothing to make one of.</summary>
    public static string KeyOf(string name)
    {
        var folded = NameRule.Key(name);
        var words = string.Concat(folded.EnumerateRunes().Select(rune => IsPartOfAWord(rune) ? rune.ToString() : " "))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var key = string.Join('-', words);
        if (Encoding.UTF8.GetByteCount(key) <= MaxKeyBytes)
            return key;
        // The beginning, and what tells it from others that begin so.
        var beginning = new StringBuilder();
        foreach (var rune in key.EnumerateRunes()
            .TakeWhile((rune, _) => Encoding.UTF8.GetByteCount(beginning.ToString()) + rune.Utf8SequenceLength <= MaxKeyBytes - KeyEnding - 1))
            beginning.Append(rune.ToString());
        return $"{beginning}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..KeyEnding]}";
    }

    private static bool IsPartOfAWord(Rune rune) => Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.LetterNumber
            or UnicodeCategory.OtherNumber;

    /// <summary>Gives one that is being made its files; their sizes follow from the numbers of images.</summary>
    /// <param name="hashes">SHA-256 of the four files: train images, train labels, test images, test labels.</param>
    public OwnDataset With(IReadOnlyList<string> hashes)
    {
        long[] sizes = [16 + (long)TrainSamples * Height * Width, 8 + TrainSamples, 16 + (long)TestSamples * Height * Width, 8 + TestSamples];
        Files.AddRange(DatasetFile.UsualNames.Select((name, i) =>
            Artifact.OfDataset(Key, ArtifactKey.OfDataset(Key).Under(name), sizes[i], hashes[i], CreatedAt)));
        return this;
    }

    /// <summary>The same in the words that the trainer knows.</summary>
    public DatasetInfo ToInfo() => new(Key, Name, TrainSamples, TestSamples, Classes, Height, Width,
        [.. DatasetFile.UsualNames.Select(name => Files.First(file => file.Name == name)).Select(file => new DatasetFile(file.Name, file.Size,
            file.Sha256))], [], null)
    {
        ClassNames = ClassNames,
    };

    internal sealed class Mapping : IEntityTypeConfiguration<OwnDataset>
    {
        public void Configure(EntityTypeBuilder<OwnDataset> dataset)
        {
            dataset.HasKey(d => d.Key);
            dataset.Property(d => d.Key).HasMaxLength(MaxKeyBytes);
            dataset.Property(d => d.Name).HasMaxLength(NameRule.MaxUnits(MaxNameLength));
            dataset.Navigation(d => d.Files).AutoInclude();
        }
    }
}
