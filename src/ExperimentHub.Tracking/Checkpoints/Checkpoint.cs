using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>A file of weights as it was after an epoch. The row exists only once the file lies complete on the disk.</summary>
public sealed class Checkpoint
{
    public long RunNumber { get; init; }

    /// <summary>Counts from 1. A later attempt that passes the epoch again replaces the row.</summary>
    public int Epoch { get; init; }

    public int Attempt { get; set; }

    /// <summary>The name inside the run's checkpoint folder.</summary>
    public required string FileName { get; set; }

    public long Size { get; set; }

    /// <summary>64 lower-case hex digits.</summary>
    public required string Sha256 { get; set; }

    /// <summary>Over the weights alone, without what the file says of the run: equal where the weights are. null in checkpoints of older hubs.</summary>
    public string? WeightsSha256 { get; set; }

    // The file beside the weights that resuming needs; null in checkpoints of hubs that could not resume yet.
    public string? StateFileName { get; set; }
    public long? StateSize { get; set; }
    public string? StateSha256 { get; set; }

    /// <summary>Of both files: what removing it frees.</summary>
    public long Bytes => Size + (StateSize ?? 0);

    public double? TestLoss { get; set; }
    public double? TestAccuracy { get; set; }
    public DateTime SavedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Checkpoint>
    {
        public void Configure(EntityTypeBuilder<Checkpoint> checkpoint)
        {
            checkpoint.HasKey(c => new { c.RunNumber, c.Epoch });
            checkpoint.HasOne<Run>().WithMany(r => r.Checkpoints).HasForeignKey(c => c.RunNumber);
            checkpoint.Property(c => c.Sha256).HasMaxLength(64);
            checkpoint.Property(c => c.WeightsSha256).HasMaxLength(64);
        }
    }
}
