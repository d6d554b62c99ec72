using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Search;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Runs;

/// <summary>One training of one frozen spec. It may take several attempts.</summary>
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

    public RunStatus Status { get; private set; } = RunStatus.Queued;

    /// <summary>
    /// What is trained, frozen when the run was made but for two fields that change no number that is there: how many epochs, and which checkpoints are kept.
    /// </summary>
    public required TrainingSpec Spec { get; set; }

    // Copies of the spec's fields that tables filter and sort by.
    public required string Model { get; init; }
    public required string Dataset { get; init; }
    public required int Epochs { get; set; }
    public required int BatchSize { get; init; }
    public required double LearningRate { get; init; }

    /// <inheritdoc cref="TrainingSpec.Seed"/>
    public required long Seed { get; set; }

    /// <summary>What is trained apart from the seed, the data and the device: see <see cref="Evidence.RecipeOf"/>.</summary>
    public required string Recipe { get; set; }

    /// <summary>The execution group that it waits in: <c>cpu</c> or <c>cuda</c>. For <c>auto</c> it is decided anew when the hub starts.</summary>
    public required string DeviceGroup { get; set; }

    // The device really used; null before the start.
    public string? DeviceKind { get; internal set; }
    public int? DeviceIndex { get; internal set; }
    public string? DeviceName { get; internal set; }

    public DeviceInfo? Device => DeviceKind is null ? null : new DeviceInfo(DeviceKind, DeviceIndex ?? 0, DeviceName ?? "");

    /// <summary>Runs wait in this order within their group; smaller first.</summary>
    public long QueuePosition { get; set; }

    public DateTime CreatedAt { get; init; }
    public DateTime? StartedAt { get; internal set; }
    public DateTime? EndedAt { get; internal set; }
    public DateTime? StopRequestedAt { get; set; }
    public DateTime? PauseRequestedAt { get; set; }

    /// <summary>Why it failed or was interrupted, for a person.</summary>
    public string? Error { get; private set; }

    /// <summary>The number of the newest attempt, 0 before the first. Only this attempt may write progress.</summary>
    public int CurrentAttempt { get; internal set; }

    public required string AppVersion { get; init; }
    public string? TorchVersion { get; internal set; }
    public int? Threads { get; internal set; }
    public long? Parameters { get; internal set; }
    public int? StepsPerEpoch { get; internal set; }

    /// <summary>Images held back from training; 0 without a validation split.</summary>
    public int? ValidationSamples { get; internal set; }

    /// <summary>What the data set was, in 64 hex digits; null before the start and for runs of hubs that did not ask.</summary>
    public string? DatasetSha256 { get; internal set; }

    /// <summary>Which rule of the spec ended it before its last epoch, for a person.</summary>
    public string? FinishReason { get; internal set; }

    /// <summary>null before the start, and for runs from before it was kept.</summary>
    public RunEnvironment? Environment { get; internal set; }

    // The newest and the best results, so that tables never read series.
    public int EpochsDone { get; internal set; }
    public double? LastTrainLoss { get; internal set; }
    public double? LastTestLoss { get; internal set; }
    public double? LastTestAccuracy { get; internal set; }

    /// <summary>Test accuracy of the <see cref="BestEpoch"/>.</summary>
    public double? BestTestAccuracy { get; internal set; }

    /// <summary>The epoch that is best by the metric that decides for this spec (<see cref="BestMetrics.Of"/>), the earliest on a tie.</summary>
    public int? BestEpoch { get; internal set; }

    /// <summary>It ended where no training wants to end: see <see cref="Divergence"/>. null while that has not been judged.</summary>
    public bool? Diverged { get; internal set; }

    /// <summary>By which part of the rule, for a person; null where it did not.</summary>
    public string? DivergedBecause { get; internal set; }

    /// <summary>Sum of the epochs' <see cref="Epoch.Seconds"/>.</summary>
    public double TrainSeconds { get; internal set; }

    /// <summary>The caller's key of the request that made this run; a repeated request finds the run instead of making a second.</summary>
    public string? IdempotencyKey { get; init; }

    public RunTrigger Trigger { get; init; }

    // Where the first weights come from, for a fork. The parent may be gone by now, so this is no foreign key.
    public RunId? ForkedFrom { get; init; }
    public int? ForkedAfterEpoch { get; init; }

    /// <summary>The run that this one does again to compare; it may be gone by now.</summary>
    public RunId? Reproduces { get; init; }

    /// <summary>What a person wrote about it, in Markdown.</summary>
    public string Notes { get; set; } = "";

    /// <summary>
    /// Counts what people change: the name, the notes, the tags, and which checkpoints are kept. Progress does not count. An edit names the version that it
    /// began from, and each part below knows the version that changed it last: a part that is no newer was not touched in between.
    /// </summary>
    public int Version { get; internal set; } = 1;

    public int NameVersion { get; internal set; } = 1;
    public int NotesVersion { get; internal set; } = 1;

    /// <summary>Of the policy in <see cref="Spec"/>.</summary>
    public int PolicyVersion { get; internal set; } = 1;

    /// <summary>Of the last removal of a tag; those that are there have versions of their own.</summary>
    public int UntaggedVersion { get; internal set; } = 1;

    /// <summary>Archived runs keep everything and are out of the way.</summary>
    public DateTime? ArchivedAt { get; set; }

    /// <summary>Deleted runs are hidden everywhere at once and can be brought back until <see cref="Deletions.DeletionOptions.KeptFor"/> is over.</summary>
    public DateTime? DeletedAt { get; set; }

    public List<RunTag> Tags { get; } = [];

    /// <summary>The leaves of the spec, for searching.</summary>
    internal List<RunParam> Params { get; } = [];

    public List<Attempt> Attempts { get; } = [];
    public List<Epoch> EpochResults { get; } = [];
    public List<Checkpoint> Checkpoints { get; } = [];
    public PausePoint? PausePoint { get; internal set; }
    public List<Evaluation> Evaluations { get; } = [];

    /// <summary>Changes the status if the table of moves allows it; otherwise nothing changes and the refusal comes back.</summary>
    public RefusedMove? MoveTo(RunStatus status, DateTime now, string? error = null)
    {
        if (!Status.CanMoveTo(status))
            return new RefusedMove(Id, Status, status);
        Status = status;
        Error = error;
        if (status == RunStatus.Running)
            StartedAt ??= now;
        EndedAt = status.IsActive() || status == RunStatus.Paused ? null : now;
        // Judged by how it ends, which is still to come or has just changed.
        (Diverged, DivergedBecause) = (null, null);
        return null;
    }

    /// <summary>How it ended on another hub. Only for a run that this one does not know yet: it makes no move here.</summary>
    internal void TakeOver(RunStatus ended, DateTime? startedAt, DateTime? endedAt, string? error) => (Status, StartedAt, EndedAt, Error) = (ended, startedAt, endedAt, error);

    /// <summary>Puts it at the end of the queue, with nothing left of what was asked of it before or came of it.</summary>
    /// <param name="position">The end of the queue.</param>
    internal RefusedMove? QueueAgain(long position, DateTime now)
    {
        if (MoveTo(RunStatus.Queued, now) is { } refused)
            return refused;
        (StopRequestedAt, PauseRequestedAt, FinishReason, QueuePosition) = (null, null, null, position);
        return null;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<Run>
    {
        public void Configure(EntityTypeBuilder<Run> run)
        {
            run.HasKey(r => r.Number);
            run.Property(r => r.Number).ValueGeneratedOnAdd();
            run.HasIndex(r => r.Id).IsUnique();
            run.HasIndex(r => r.IdempotencyKey).IsUnique();
            run.HasIndex(r => new { r.Status, r.QueuePosition });
            // Counts an experiment's runs, and all of them, without touching their wide rows.
            run.HasIndex(r => new { r.ExperimentId, r.DeletedAt, r.ArchivedAt });
            run.HasIndex(r => r.DeletedAt).HasFilter("\"DeletedAt\" IS NOT NULL");
            run.HasIndex(r => r.Name);
            run.HasIndex(r => r.CreatedAt);
            run.HasIndex(r => r.StartedAt);
            run.HasIndex(r => r.EndedAt);
            run.HasIndex(r => r.TrainSeconds);
            run.HasIndex(r => r.ForkedFrom);
            run.HasIndex(r => r.Reproduces);
            // Which seeds a recipe has had.
            run.HasIndex(r => new { r.Recipe, r.Seed });
            run.Property(r => r.Recipe).HasMaxLength(Evidence.RecipeLength).HasDefaultValue("");
            run.Property(r => r.Seed).HasDefaultValue(0L);
            run.Property(r => r.DatasetSha256).HasMaxLength(64);
            run.Property(r => r.Name).HasMaxLength(NameRule.MaxUnits(MaxNameLength)).UseCollation("NOCASE");
            run.Property(r => r.Spec).HasConversion(spec => ProtocolJson.Write(spec), json => ProtocolJson.Read<TrainingSpec>(json));
            run.Property(r => r.Environment).HasConversion(environment => ProtocolJson.Write(environment), json => ProtocolJson.Read<RunEnvironment>(json));
            run.Property(r => r.Error).IsCutAt(Limits.Explanation);
            run.Property(r => r.FinishReason).IsCutAt(Limits.Explanation);
            run.Property(r => r.DeviceName).IsCutAt(Limits.MachineWord);
            run.Property(r => r.TorchVersion).IsCutAt(Limits.MachineWord);
            run.Property(r => r.AppVersion).IsCutAt(Limits.MachineWord);
            run.Property(r => r.Notes).HasMaxLength(NameRule.MaxUnits(MaxNotesLength)).HasDefaultValue("");
            run.Property(r => r.Version).HasDefaultValue(1);
            run.Property(r => r.NameVersion).HasDefaultValue(1);
            run.Property(r => r.NotesVersion).HasDefaultValue(1);
            run.Property(r => r.PolicyVersion).HasDefaultValue(1);
            run.Property(r => r.UntaggedVersion).HasDefaultValue(1);
            run.Ignore(r => r.Device);
            run.HasQueryFilter(r => r.DeletedAt == null && r.Experiment.DeletedAt == null);
        }
    }
}
