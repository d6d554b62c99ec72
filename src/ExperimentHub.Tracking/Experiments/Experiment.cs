using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>A named question that several runs try to answer.</summary>
public sealed class Experiment
{
    public const int MaxNameLength = 100;

    public int Id { get; init; }

    /// <summary>Unique, compared without regard to case.</summary>
    public required string Name { get; set; }

    public DateTime CreatedAt { get; init; }

    public List<Run> Runs { get; } = [];

    internal sealed class Mapping : IEntityTypeConfiguration<Experiment>
    {
        public void Configure(EntityTypeBuilder<Experiment> experiment)
        {
            experiment.Property(e => e.Name).HasMaxLength(MaxNameLength).UseCollation("NOCASE");
            experiment.HasIndex(e => e.Name).IsUnique();
        }
    }
}
