using ExperimentHub.Protocol;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>Through which door an experiment got its settings.</summary>
public enum SettingsOrigin
{
    /// <summary>A person, on a page of this hub.</summary>
    Page,
    Api,
    Import,

    /// <summary>They were there before their history was kept.</summary>
    Earlier,
}

/// <summary>The settings that an experiment got at one time. Nothing changes or removes them as long as the experiment is there.</summary>
public sealed class SettingsChange
{
    public const int MaxNoteLength = 200;

    public int ExperimentId { get; init; }

    /// <summary>Counts from 1 within the experiment.</summary>
    public int Number { get; init; }

    public required TrainingSpec Spec { get; init; }

    public DateTime At { get; init; }
    public SettingsOrigin By { get; init; }

    /// <summary>Where they were taken from, as "back to v3"; null where they were typed.</summary>
    public string? Note { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<SettingsChange>
    {
        public void Configure(EntityTypeBuilder<SettingsChange> change)
        {
            change.HasKey(c => new { c.ExperimentId, c.Number });
            change.HasOne<Experiment>().WithMany(e => e.SettingsHistory).HasForeignKey(c => c.ExperimentId);
            change.Property(c => c.Spec).HasConversion(spec => ProtocolJson.Write(spec), json => ProtocolJson.Read<TrainingSpec>(json));
            change.Property(c => c.By).HasConversion<string>().HasMaxLength(20);
            change.Property(c => c.Note).HasMaxLength(MaxNoteLength);
        }
    }
}
