using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>
/// Where a run was when its trainer was told to stop, to the step. At most one per run, the newest; it is gone once a checkpoint lies after it. Like
/// a checkpoint's, the row exists only once its artifacts lie complete in the store.
/// </summary>
public sealed class PausePoint
{
    public long RunNumber { get; init; }

    public int Attempt { get; init; }

    /// <summary>The last epoch that is done; 0 in the first.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps of the next epoch that are done.</summary>
    public int StepsDone { get; init; }

    public long WeightsId { get; init; }

    /// <summary>It is read together with the row.</summary>
    public required Artifact Weights { get; init; }

    public long StateId { get; init; }

    /// <summary>It is read together with the row.</summary>
    public required Artifact State { get; init; }

    public DateTime SavedAt { get; init; }

    internal IEnumerable<Artifact> Files() => [Weights, State];

    internal sealed class Mapping : IEntityTypeConfiguration<PausePoint>
    {
        public void Configure(EntityTypeBuilder<PausePoint> point)
        {
            point.HasKey(p => p.RunNumber);
            point.Property(p => p.RunNumber).ValueGeneratedNever();
            point.HasOne<Training>().WithOne(t => t.PausePoint).HasForeignKey<PausePoint>(p => p.RunNumber);
            point.HasOne(p => p.Weights).WithOne().HasForeignKey<PausePoint>(p => p.WeightsId).OnDelete(DeleteBehavior.NoAction);
            point.HasOne(p => p.State).WithOne().HasForeignKey<PausePoint>(p => p.StateId).OnDelete(DeleteBehavior.NoAction);
            point.Navigation(p => p.Weights).AutoInclude();
            point.Navigation(p => p.State).AutoInclude();
        }
    }
}
