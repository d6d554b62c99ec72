using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>
/// Where a run was when its trainer was told to stop, to the step. At most one per run, the newest; it is gone once a checkpoint lies after it. Like
/// a checkpoint's, the row exists only once the files lie complete on the disk.
/// </summary>
public sealed class PausePoint
{
    public long RunNumber { get; init; }

    public int Attempt { get; set; }

    /// <summary>The last epoch that is done; 0 in the first.</summary>
    public int Epoch { get; set; }

    /// <summary>Steps of the next epoch that are done.</summary>
    public int StepsDone { get; set; }

    /// <summary>The name inside the run's checkpoint folder.</summary>
    public required string FileName { get; set; }

    public long Size { get; set; }

    /// <summary>64 lower-case hex digits.</summary>
    public required string Sha256 { get; set; }

    public required string StateFileName { get; set; }
    public long StateSize { get; set; }
    public required string StateSha256 { get; set; }
    public DateTime SavedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<PausePoint>
    {
        public void Configure(EntityTypeBuilder<PausePoint> point)
        {
            point.HasKey(p => p.RunNumber);
            point.Property(p => p.RunNumber).ValueGeneratedNever();
            point.HasOne<Training>().WithOne(t => t.PausePoint).HasForeignKey<PausePoint>(p => p.RunNumber);
            point.Property(p => p.Sha256).HasMaxLength(64);
            point.Property(p => p.StateSha256).HasMaxLength(64);
        }
    }
}
