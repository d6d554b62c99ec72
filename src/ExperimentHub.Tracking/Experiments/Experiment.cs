using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>A named question that several runs try to answer.</summary>
public sealed class Experiment
{
    public const int MaxNameLength = Limits.ExperimentName;
    public const int MaxDescriptionLength = Limits.ExperimentDescription;
    public const int MaxConclusionLength = Limits.Notes;

    /// <summary>
    /// Stands in <see cref="DeletedAt"/> while an import is under way: hidden as if it were deleted, and never to be brought back by hand.
    /// </summary>
    internal static readonly DateTime Arriving = new(9999, 12, 31, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>
    /// The <see cref="DeletedAt"/> of an experiment that is being removed for good: nobody can bring it back. What is before this is a deletion that
    /// can be undone.
    /// </summary>
    internal static readonly DateTime Leaving = new(9999, 12, 30, 0, 0, 0, DateTimeKind.Utc);

    public int Id { get; init; }

    /// <summary>Unique among the experiments that are not deleted, compared by <see cref="NameRule.Key"/>.</summary>
    public required string Name
    {
        get;
        set
        {
            if (field == value)
                return;
            (field, NameKey) = (value, NameRule.Key(value));
        }
    }

    /// <summary>
    /// What the name is found by. Of two that were different to an older hub and are the same by this rule, one has a mark behind it.
    /// </summary>
    public string NameKey { get; private set; } = "";

    public string Description { get; set; } = "";

    /// <summary>What its runs have shown, in Markdown; empty while nobody says.</summary>
    public string Conclusion { get; set; } = "";

    /// <summary>What a new run of this experiment starts from, and what its schedules train.</summary>
    public TrainingSpec DefaultSpec { get; set; } = new();

    /// <summary>
    /// Counts the edits. An edit names the version that it began from, and each part below knows the version that changed it last: a part that is no
    /// newer was not touched in between.
    /// </summary>
    public int Version { get; internal set; } = 1;

    public int NameVersion { get; internal set; } = 1;
    public int DescriptionVersion { get; internal set; } = 1;
    public int ConclusionVersion { get; internal set; } = 1;

    /// <summary>Of <see cref="DefaultSpec"/>.</summary>
    public int SettingsVersion { get; internal set; } = 1;

    public DateTime CreatedAt { get; init; }

    /// <summary>Archived experiments keep everything and are out of the way; their schedules do not fire.</summary>
    public DateTime? ArchivedAt { get; set; }

    /// <summary>
    /// Deleted experiments are hidden everywhere at once and can be brought back until <see cref="Deletions.DeletionOptions.KeptFor"/> is over.
    /// </summary>
    public DateTime? DeletedAt { get; set; }

    public List<Run> Runs { get; } = [];
    public List<Schedule> Schedules { get; } = [];

    /// <summary>What <see cref="DefaultSpec"/> is and was.</summary>
    public List<SettingsChange> SettingsHistory { get; } = [];

    /// <summary>A new experiment's first settings.</summary>
    internal Experiment Begin(SettingsOrigin by, DateTime at, string? note = null)
    {
        SettingsHistory.Add(new SettingsChange { Number = 1, Spec = DefaultSpec, At = at, By = by, Note = note });
        return this;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<Experiment>
    {
        public void Configure(EntityTypeBuilder<Experiment> experiment)
        {
            experiment.Property(e => e.Name).HasMaxLength(NameRule.MaxUnits(MaxNameLength)).UseCollation("NOCASE");
            experiment.HasIndex(e => e.NameKey).IsUnique().HasFilter("\"DeletedAt\" IS NULL");
            experiment.Property(e => e.Description).HasMaxLength(NameRule.MaxUnits(MaxDescriptionLength)).HasDefaultValue("");
            experiment.Property(e => e.Conclusion).HasMaxLength(NameRule.MaxUnits(MaxConclusionLength)).HasDefaultValue("");
            experiment.Property(e => e.DefaultSpec)
                .HasConversion(spec => ProtocolJson.Write(spec), json => ProtocolJson.Read<TrainingSpec>(json));
            experiment.Property(e => e.Version).HasDefaultValue(1);
            experiment.Property(e => e.NameVersion).HasDefaultValue(1);
            experiment.Property(e => e.DescriptionVersion).HasDefaultValue(1);
            experiment.Property(e => e.ConclusionVersion).HasDefaultValue(1);
            experiment.Property(e => e.SettingsVersion).HasDefaultValue(1);
            experiment.HasQueryFilter(e => e.DeletedAt == null);
        }
    }
}
