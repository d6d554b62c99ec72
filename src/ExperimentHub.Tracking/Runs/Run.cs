using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Runs;

/// <summary>
/// Something that was tried once and measured: who it is, how it stands, with which parameters, and what came of it. Whatever program did it, a run
/// has all that is here; what only this hub's own trainings have is its <see cref="Training"/>. See docs/decisions/0028-runs-and-trainings.md.
/// </summary>
public sealed class Run
{
    public const int MaxNameLength = Limits.RunName;
    public const int MaxNotesLength = Limits.Notes;

    /// <summary>Counts up in the order of creation; the key inside the database. Outside, a run is known by its <see cref="Id"/>.</summary>
    public long Number { get; init; }

    public RunId Id { get; init; }

    public required string Name { get; set; }

    public int ExperimentId { get; init; }
    public Experiment Experiment { get; init; } = null!;

    /// <summary>It moves in the database alone: see <see cref="RunGate"/>.</summary>
    public RunStatus Status { get; private set; } = RunStatus.Queued;

    public DateTime CreatedAt { get; init; }
    public DateTime? StartedAt { get; internal set; }
    public DateTime? EndedAt { get; internal set; }

    /// <summary>Archived runs keep everything and are out of the way.</summary>
    public DateTime? ArchivedAt { get; set; }

    /// <summary>
    /// Deleted runs are hidden everywhere at once and can be brought back until <see cref="Deletions.DeletionOptions.KeptFor"/> is over.
    /// </summary>
    public DateTime? DeletedAt { get; set; }

    public required string AppVersion { get; init; }

    /// <summary>The caller's key of the request that made this run; a repeated request finds the run instead of making a second.</summary>
    public string? IdempotencyKey { get; init; }

    public RunTrigger Trigger { get; init; }

    /// <summary>
    /// Counts what people change: the name, the notes, the tags, and which checkpoints are kept. Progress does not count. An edit names the version
    /// that it began from, and each part below knows the version that changed it last: a part that is no newer was not touched in between.
    /// </summary>
    public int Version { get; internal set; } = 1;

    public int NameVersion { get; internal set; } = 1;
    public int NotesVersion { get; internal set; } = 1;

    /// <summary>Of the last removal of a tag; those that are there have versions of their own.</summary>
    public int UntaggedVersion { get; internal set; } = 1;

    // Long texts come last: whoever reads a column of a row passes over those before it.

    /// <summary>Why it failed or was interrupted, for a person.</summary>
    public string? Error { get; private set; }

    /// <summary>The machine that it ran on. null before the start, where nobody told, and for runs from before it was kept.</summary>
    public RunEnvironment? Environment { get; internal set; }

    /// <summary>What a person wrote about it, in Markdown.</summary>
    public string Notes { get; set; } = "";

    public List<RunTag> Tags { get; } = [];

    /// <summary>
    /// What it was tried with, written by whoever made the run; of a training of this hub the leaves of its spec. Those are read with the spec, so
    /// that only runs without a training have them here when they are read.
    /// </summary>
    public List<RunParam> Params { get; } = [];

    /// <summary>Its files, where somebody asked for them.</summary>
    public List<Artifact> Artifacts { get; } = [];

    public List<Checkpoint> Checkpoints { get; } = [];
    public List<Evaluation> Evaluations { get; } = [];

    /// <summary>How this hub trains it; null for a run that it does not train. It is read together with the run wherever a run is read.</summary>
    public Training? Training { get; internal set; }

    /// <summary>
    /// How it stands by the word of somebody else: another hub, or the program that logs it. Only for a run that this hub does not know yet: it makes
    /// no move here.
    /// </summary>
    internal void TakeOver(RunStatus status, DateTime? startedAt, DateTime? endedAt, string? error) =>
        (Status, StartedAt, EndedAt, Error) = (status, startedAt, endedAt, error);

    internal sealed class Mapping : IEntityTypeConfiguration<Run>
    {
        public void Configure(EntityTypeBuilder<Run> run)
        {
            run.HasKey(r => r.Number);
            run.Property(r => r.Number).ValueGeneratedOnAdd();
            run.HasIndex(r => r.Id).IsUnique();
            run.HasIndex(r => r.IdempotencyKey).IsUnique();
            run.HasIndex(r => r.Status);
            // Counts an experiment's runs, and all of them, without touching their rows.
            run.HasIndex(r => new { r.ExperimentId, r.DeletedAt, r.ArchivedAt });
            run.HasIndex(r => r.DeletedAt).HasFilter("\"DeletedAt\" IS NOT NULL");
            run.HasIndex(r => r.Name);
            run.HasIndex(r => r.CreatedAt);
            run.HasIndex(r => r.StartedAt);
            run.HasIndex(r => r.EndedAt);
            run.Property(r => r.Name).HasMaxLength(NameRule.MaxUnits(MaxNameLength)).UseCollation("NOCASE");
            run.Property(r => r.Environment).HasConversion(environment => ProtocolJson.Write(environment),
                json => ProtocolJson.Read<RunEnvironment>(json));
            run.Property(r => r.Error).IsCutAt(Limits.Explanation);
            run.Property(r => r.AppVersion).IsCutAt(Limits.MachineWord);
            run.Property(r => r.Notes).HasMaxLength(NameRule.MaxUnits(MaxNotesLength)).HasDefaultValue("");
            run.Property(r => r.Version).HasDefaultValue(1);
            run.Property(r => r.NameVersion).HasDefaultValue(1);
            run.Property(r => r.NotesVersion).HasDefaultValue(1);
            run.Property(r => r.UntaggedVersion).HasDefaultValue(1);
            // Without it, a training that nobody thought of reading would look like a run that has none.
            run.Navigation(r => r.Training).AutoInclude();
            run.HasQueryFilter(r => r.DeletedAt == null && r.Experiment.DeletedAt == null);
        }
    }
}
