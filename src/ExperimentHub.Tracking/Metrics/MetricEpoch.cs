using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>Where an epoch of a run ended, so that the mean over an epoch can be taken again after a run went back.</summary>
public sealed class MetricEpoch
{
    public long RunNumber { get; init; }

    /// <summary>The last step of the epoch.</summary>
    public long EndStep { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<MetricEpoch>
    {
        public void Configure(EntityTypeBuilder<MetricEpoch> epoch)
        {
            epoch.HasKey(e => new { e.RunNumber, e.EndStep });
            epoch.HasOne<Run>().WithMany().HasForeignKey(e => e.RunNumber);
        }
    }
}
