using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// One training of one frozen spec by this hub: what a run of ours has beside what every <see cref="Run"/> has. It waits in the queue, takes one or
/// several attempts, and comes to results epoch by epoch. Only runs with a training are queued, claimed, retried, stopped, paused and put right after
/// a crash.
/// </summary>
public sealed class Training
{
    /// <summary>The run's; they are made and removed together.</summary>
    public long RunNumber { get; init; }

    public Run Run { get; init; } = null!;

    /// <summary>
    /// What is trained, frozen when the run was made but for two fields that change no number that is there: how many epochs, and which checkpoints
    /// are kept.
    /// </summary>
    public required TrainingSpec Spec
    {
        get => Frozen.Spec;
        set
        {
            if (Frozen is null)
                Frozen = new FrozenSpec { Spec = value };
            else
                Frozen.Spec = value;
        }
    }

    internal FrozenSpec Frozen { get; private set; } = null!;

    // Copies of the spec's fields that tables filter and sort by.
    public required string Model { get; init; }
    public required string Dataset { get; init; }

    /// <summary>How many there are to be; <see cref="EpochsDone"/> are done, and <see cref="EpochResults"/> says what came of them.</summary>
    public required int PlannedEpochs { get; set; }

    public required int BatchSize { get; init; }
    public required double LearningRate { get; init; }

    /// <inheritdoc cref="TrainingSpec.Seed"/>
    public required long Seed { get; set; }

    /// <summary>What is trained apart from the seed, the data and the device: see <see cref="Evidence.RecipeOf"/>.</summary>
    public required string Recipe { get; set; }

    /// <summary>The execution group that it waits in: <c>cpu</c> or <c>cuda</c>. For <c>auto</c> it is decided anew when the hub starts.</summary>
    public required string DeviceGroup { get; set; }

    /// <summary>Runs wait in this order within their group; smaller first.</summary>
    public long QueuePosition { get; set; }

    public DateTime? StopRequestedAt { get; set; }
    public DateTime? PauseRequestedAt { get; set; }

    // The device really used; null before the start.
    public string? DeviceKind { get; internal set; }
    public int? DeviceIndex { get; internal set; }
    public string? DeviceName { get; internal set; }

    public DeviceInfo? Device => DeviceKind is null ? null : new DeviceInfo(DeviceKind, DeviceIndex ?? 0, DeviceName ?? "");

    /// <summary>The number of the newest attempt, 0 before the first. Only this attempt may write progress.</summary>
    public int CurrentAttempt { get; internal set; }

    public string? TorchVersion { get; internal set; }
    public int? Threads { get; internal set; }

    /// <summary>Weights of the network.</summary>
    public long? Parameters { get; internal set; }

    public int? StepsPerEpoch { get; internal set; }

    /// <summary>Images held back from training; 0 without a validation split.</summary>
    public int? ValidationSamples { get; internal set; }

    /// <summary>What the data set was, in 64 hex digits; null before the start and for runs of hubs that did not ask.</summary>
    public string? DatasetSha256 { get; internal set; }

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

    /// <summary>Sum of the epochs' <see cref="Epoch.Seconds"/>.</summary>
    public double TrainSeconds { get; internal set; }

    // Where the first weights come from, for a fork. The parent may be gone by now, so this is no foreign key.
    public RunId? ForkedFrom { get; init; }
    public int? ForkedAfterEpoch { get; init; }

    /// <summary>The run that this one does again to compare; it may be gone by now.</summary>
    public RunId? Reproduces { get; init; }

    /// <summary>The <see cref="Run.Version"/> that last changed which checkpoints <see cref="Spec"/> keeps.</summary>
    public int PolicyVersion { get; internal set; } = 1;

    // Long texts come last: whoever reads a column of a row passes over those before it.

    /// <summary>Which rule of the spec ended it before its last epoch, for a person.</summary>
    public string? FinishReason { get; internal set; }

    /// <summary>By which part of the rule it <see cref="Diverged"/>, for a person; null where it did not.</summary>
    public string? DivergedBecause { get; internal set; }

    public List<Attempt> Attempts { get; } = [];
    public List<Epoch> EpochResults { get; } = [];
    public PausePoint? PausePoint { get; internal set; }

    /// <summary>Takes over what the end of an epoch changes, as a later reading has it, and more epochs.</summary>
    internal void Follow(Training later, IReadOnlyList<Epoch> epochs)
    {
        (EpochsDone, BestEpoch, BestTestAccuracy, TrainSeconds) = (later.EpochsDone, later.BestEpoch, later.BestTestAccuracy, later.TrainSeconds);
        (LastTrainLoss, LastTestLoss, LastTestAccuracy, PausePoint) =
            (later.LastTrainLoss, later.LastTestLoss, later.LastTestAccuracy, later.PausePoint);
        EpochResults.AddRange(epochs);
    }

    internal sealed class Mapping : IEntityTypeConfiguration<Training>
    {
        public void Configure(EntityTypeBuilder<Training> training)
        {
            training.HasKey(t => t.RunNumber);
            training.Property(t => t.RunNumber).ValueGeneratedNever();
            training.HasOne(t => t.Run).WithOne(r => r.Training).HasForeignKey<Training>(t => t.RunNumber);
            training.HasIndex(t => t.TrainSeconds);
            training.HasIndex(t => t.ForkedFrom);
            training.HasIndex(t => t.Reproduces);
            // Which seeds a recipe has had.
            training.HasIndex(t => new { t.Recipe, t.Seed });
            training.Property(t => t.Recipe).HasMaxLength(Evidence.RecipeLength);
            training.Property(t => t.DatasetSha256).HasMaxLength(64);
            training.Ignore(t => t.Spec);
            training.HasOne(t => t.Frozen).WithOne().HasForeignKey<FrozenSpec>(f => f.RunNumber);
            training.Navigation(t => t.Frozen).AutoInclude().IsRequired();
            training.Property(t => t.FinishReason).IsCutAt(Limits.Explanation);
            training.Property(t => t.DeviceName).IsCutAt(Limits.MachineWord);
            training.Property(t => t.TorchVersion).IsCutAt(Limits.MachineWord);
            training.Property(t => t.PolicyVersion).HasDefaultValue(1);
            training.Ignore(t => t.Device);
        }
    }
}
