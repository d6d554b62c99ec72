using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Runs;

/// <summary>A word that a person gave to a run, with a value where one was typed: <c>night</c>, <c>owner=anna</c>.</summary>
public sealed class RunTag
{
    public const int MaxNameLength = 50;
    public const int MaxValueLength = 200;

    public long RunNumber { get; init; }

    /// <summary>Unique within the run, compared without regard to case.</summary>
    public required string Name { get; init; }

    /// <summary>Empty where the name says it all.</summary>
    public string Value { get; set; } = "";

    internal sealed class Mapping : IEntityTypeConfiguration<RunTag>
    {
        public void Configure(EntityTypeBuilder<RunTag> tag)
        {
            tag.HasKey(t => new { t.RunNumber, t.Name });
            tag.HasIndex(t => new { t.Name, t.Value, t.RunNumber });
            tag.HasOne<Run>().WithMany(r => r.Tags).HasForeignKey(t => t.RunNumber);
            tag.Property(t => t.Name).HasMaxLength(MaxNameLength).UseCollation("NOCASE");
            tag.Property(t => t.Value).HasMaxLength(MaxValueLength);
        }
    }
}
