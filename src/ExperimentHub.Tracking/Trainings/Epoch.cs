using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>The results of one epoch of a run; the attempt that got there last is the one that counts.</summary>
public sealed class Epoch
{
    public long RunNumber { get; init; }

    /// <summary>Counts from 1.</summary>
    public int Number { get; init; }

    public int Attempt { get; set; }

    /// <summary>Mean of the losses of the epoch's steps.</summary>
    public double TrainLoss { get; set; }

    public double TestLoss { get; set; }

    /// <summary>Fraction 0..1.</summary>
    public double TestAccuracy { get; set; }

    /// <summary>On the images held back; null without a validation split.</summary>
    public double? ValidationLoss { get; set; }

    /// <inheritdoc cref="ValidationLoss"/>
    public double? ValidationAccuracy { get; set; }

    /// <summary>Of the training images as their steps saw them; null where the trainer does not tell.</summary>
    public double? TrainAccuracy { get; set; }

    /// <summary>Wall time of the training part.</summary>
    public double Seconds { get; set; }

    public DateTime EndedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Epoch>
    {
        public void Configure(EntityTypeBuilder<Epoch> epoch)
        {
            epoch.HasKey(e => new { e.RunNumber, e.Number });
            epoch.HasOne<Training>().WithMany(t => t.EpochResults).HasForeignKey(e => e.RunNumber);
        }
    }
}
