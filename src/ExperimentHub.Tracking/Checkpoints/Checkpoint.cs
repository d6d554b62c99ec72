using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>The weights as they were after an epoch. The row exists only once its artifacts lie complete in the store.</summary>
public sealed class Checkpoint
{
    public long RunNumber { get; init; }

    /// <summary>Counts from 1. A later attempt that passes the epoch again replaces the row.</summary>
    public int Epoch { get; init; }

    public int Attempt { get; init; }

    public long WeightsId { get; init; }

    /// <summary>A safetensors file. It is read together with the row.</summary>
    public required Artifact Weights { get; init; }

    public long? StateId { get; init; }

    /// <summary>
    /// What resuming needs beside the weights; null in checkpoints of hubs that could not resume yet. It is read together with the row.
    /// </summary>
    public Artifact? State { get; init; }

    /// <summary>
    /// Over the weights alone, without what the file says of the run: equal where the weights are. null in checkpoints of older hubs.
    /// </summary>
    public string? WeightsSha256 { get; init; }

    /// <summary>Of both files: what removing it frees.</summary>
    public long Bytes => Weights.Size + (State?.Size ?? 0);

    public double? TestLoss { get; init; }
    public double? TestAccuracy { get; init; }
    public DateTime SavedAt { get; init; }

    internal IEnumerable<Artifact> Files() => State is null ? [Weights] : [Weights, State];

    internal sealed class Mapping : IEntityTypeConfiguration<Checkpoint>
    {
        public void Configure(EntityTypeBuilder<Checkpoint> checkpoint)
        {
            checkpoint.HasKey(c => new { c.RunNumber, c.Epoch });
            checkpoint.HasOne<Run>().WithMany(r => r.Checkpoints).HasForeignKey(c => c.RunNumber);
            // An artifact that a checkpoint speaks of does not go before it; with their run both go in one statement.
            checkpoint.HasOne(c => c.Weights).WithOne().HasForeignKey<Checkpoint>(c => c.WeightsId).OnDelete(DeleteBehavior.NoAction);
            checkpoint.HasOne(c => c.State).WithOne().HasForeignKey<Checkpoint>(c => c.StateId).OnDelete(DeleteBehavior.NoAction);
            checkpoint.Navigation(c => c.Weights).AutoInclude();
            checkpoint.Navigation(c => c.State).AutoInclude();
            checkpoint.Property(c => c.WeightsSha256).HasMaxLength(64);
        }
    }
}
