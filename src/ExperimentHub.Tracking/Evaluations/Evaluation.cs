using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Evaluations;

/// <summary>
/// What a run's network said of each test image after an epoch. A run keeps two at most, of its best and of its last epoch. Kept packed: about
/// 12 KB for ten classes and 10,000 images.
/// </summary>
public sealed class Evaluation
{
    public long RunNumber { get; init; }

    /// <summary>Counts from 1.</summary>
    public int Epoch { get; init; }

    public int Attempt { get; set; }

    /// <summary>Labels are 0 to <see cref="Classes"/> - 1.</summary>
    public int Classes { get; set; }

    /// <summary>The class of each test image, in the order of the file.</summary>
    public required byte[] Predictions { get; set; }

    /// <summary>Images by label and prediction, [label * classes + prediction].</summary>
    public required IReadOnlyList<int> Confusion { get; set; }

    /// <summary>The test images with the greatest losses, the worst first.</summary>
    public required IReadOnlyList<WorstImage> Worst { get; set; }

    public DateTime SavedAt { get; set; }

    /// <summary>Whether the lists that a trainer sent belong together and can be kept.</summary>
    internal static bool Fits(EpochEvaluated said) =>
        said.Classes is >= 2 and <= 256 && said.Confusion.Count == said.Classes * said.Classes && said.Confusion.All(count => count >= 0)
        && said.Confusion.Sum(count => (long)count) == said.Predictions.Length && said.Predictions.All(prediction => prediction < said.Classes)
        && said.Worst.Count <= Limits.WorstImages
        && said.Worst.All(worst => worst is not null && worst.Index >= 0 && worst.Index < said.Predictions.Length && worst.Label >= 0
            && worst.Label < said.Classes && worst.Prediction >= 0 && worst.Prediction < said.Classes);

    internal sealed class Mapping : IEntityTypeConfiguration<Evaluation>
    {
        public void Configure(EntityTypeBuilder<Evaluation> evaluation)
        {
            evaluation.HasKey(e => new { e.RunNumber, e.Epoch });
            evaluation.HasOne<Run>().WithMany(r => r.Evaluations).HasForeignKey(e => e.RunNumber);
            evaluation.Property(e => e.Confusion).HasConversion(counts => PackedLists.Pack(counts), bytes => PackedLists.Counts(bytes),
                WholeLists<int>());
            evaluation.Property(e => e.Worst).HasConversion(images => PackedLists.Pack(images), bytes => PackedLists.Images(bytes),
                WholeLists<WorstImage>());
        }

        /// <summary>The lists are set once and never changed in place.</summary>
        private static ValueComparer<IReadOnlyList<T>> WholeLists<T>() =>
            new((a, b) => a == b || (a != null && b != null && a.SequenceEqual(b)), list => list.Count, list => list);
    }
}
