using System.Security.Cryptography;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// What a run can tell about its settings. Two runs with the same evidence are one training done twice: the second says whether it can be reproduced,
/// and nothing new about the settings, so it is counted once wherever runs are counted together. See docs/decisions/0018-evidence.md.
/// </summary>
/// <param name="Recipe">What is trained apart from the seed, the data and the device; see <see cref="RecipeOf"/>.</param>
/// <param name="Data">The data set's hash as it was recorded at the start; where nobody recorded it, the published one's or else the data set's
/// key.</param>
/// <param name="Device">The kind of device that it trained on, or waits for.</param>
public readonly record struct Evidence(string Recipe, long Seed, string Data, string Device)
{
    /// <summary>Hex digits, 128 bits: two recipes of a hub never meet by chance.</summary>
    public const int RecipeLength = 32;

    /// <summary>A run that is no training of ours tells only of itself: nobody knows what it would take to do it again.</summary>
    public static Evidence Of(Run run) => run.Training is { } training
        ? Of(training.Recipe.Length > 0 ? training.Recipe : RecipeOf(training.Spec, ForkSource.Of(training)), training.Spec.Seed,
            training.DatasetSha256, training.Dataset,
            training.DeviceKind ?? training.DeviceGroup)
        : Alone(run.Id);

    /// <summary>From columns; without a recipe there is no training.</summary>
    internal static Evidence Told(RunId run, string? recipe, long? seed, string? datasetSha256, string? dataset, string? device) =>
        recipe is null ? Alone(run) : Of(recipe, seed ?? 0, datasetSha256, dataset ?? "", device ?? "");

    private static Evidence Alone(RunId run) => new(run.ToString(), 0, "", "");

    /// <summary>From the columns of a training's row.</summary>
    internal static Evidence Of(string recipe, long seed, string? datasetSha256, string dataset, string device) =>
        new(recipe, seed, datasetSha256 ?? DatasetCatalog.Find(dataset)?.Sha256 ?? dataset, device);

    /// <summary>The same evidence but for the seed: runs that share it are one group.</summary>
    public Evidence WithoutSeed => this with { Seed = 0 };

    /// <summary>
    /// The hash of a spec without its seed, its data set and its device, and without what changes no weight but by rounding: which checkpoints are
    /// kept, whether norms are recorded, what layers are called, whether sums keep their order, and which epoch counts as best, unless the training
    /// waits for a better one. What is left out and what is written as the usual value are the same. A fork begins with other weights, so where it
    /// comes from is part of it.
    /// </summary>
    /// <returns>32 hex digits.</returns>
    public static string RecipeOf(TrainingSpec spec, ForkSource? fork = null)
    {
        var tidied = spec.Tidied();
        return Hash($"{ProtocolJson.Write(tidied with
        {
            Version = TrainingSpec.CurrentVersion,
            Seed = 0,
            Dataset = "",
            Device = "",
            Model = Plain(tidied.Model),
            Optimizer = Plain(tidied.Optimizer),
            LearningRateSchedule = Plain(tidied.LearningRateSchedule),
            BestBy = tidied.StopRules?.Patience is null ? null : BestMetrics.Of(tidied),
            GradientNorm = false,
            Deterministic = false,
            Checkpoints = null,
        })}{fork}");
    }

    /// <summary>
    /// The recipe of a run that goes on under a longer plan. A rate that is laid out over the whole run jumps where the plan changed: no run that was
    /// planned this way from the start is the same.
    /// </summary>
    /// <param name="before">Its recipe so far.</param>
    internal static string Prolonged(string before, TrainingSpec spec, ForkSource? fork) =>
        spec.LearningRateSchedule?.DependsOnLength == true ? Hash($"{before} {RecipeOf(spec, fork)}") : RecipeOf(spec, fork);

    /// <summary>The run that counts instead of this one, because it is the same training and finished before; null where this one counts.</summary>
    internal static async Task<Run?> CountedInsteadAsync(TrackingDb db, Run run, CancellationToken cancellation)
    {
        if (run.Training is not { Recipe: { Length: > 0 } recipe, Seed: var seed })
            return null;
        var evidence = Of(run);
        var same = (await db.Runs.AsNoTracking().Where(r => r.Training!.Recipe == recipe && r.Training.Seed == seed && r.Number != run.Number)
            .ToListAsync(cancellation)).Where(other => Of(other) == evidence);
        return same.Append(run).MinBy(EvidenceRank.Of) is { } counted && counted.Number != run.Number ? counted : null;
    }

    /// <summary>One of each evidence, in the order given: the one that finished first or, where none has, the one that came furthest.</summary>
    public static IReadOnlyList<Run> CountedOnce(IEnumerable<Run> runs)
    {
        var all = runs.ToList();
        var counted = all.GroupBy(Of).Select(same => same.MinBy(EvidenceRank.Of)!).ToHashSet();
        return [.. all.Where(counted.Contains)];
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..RecipeLength];

    private static ModelSpec Plain(ModelSpec model) => model with
    {
        HiddenSizes = model.Kind == ModelCatalog.Mlp ? model.HiddenSizes ?? ModelCatalog.UsualHiddenSizes : null,
        Activation = model.Activation == Activations.Relu ? null : model.Activation,
        Layers = model.Layers is null ? null : [.. model.Layers.Select(layer => layer switch
        {
            LinearLayer linear => linear with { Name = null },
            ConvLayer conv => conv with { Name = null },
            BatchNormLayer norm => norm with { Name = null },
            MaxPoolLayer pool => pool with { Stride = pool.Stride ?? pool.Kernel },
            AvgPoolLayer pool => pool with { Stride = pool.Stride ?? pool.Kernel },
            var other => other,
        })],
    };

    private static OptimizerSpec Plain(OptimizerSpec optimizer) => optimizer with
    {
        Beta1 = optimizer.Beta1 == OptimizerSpec.UsualBeta1 ? null : optimizer.Beta1,
        Beta2 = optimizer.Beta2 == OptimizerSpec.UsualBeta2 ? null : optimizer.Beta2,
        Epsilon = optimizer.Epsilon == OptimizerSpec.UsualEpsilon ? null : optimizer.Epsilon,
        Alpha = optimizer.Alpha == OptimizerSpec.UsualAlpha ? null : optimizer.Alpha,
    };

    private static LearningRateSchedule? Plain(LearningRateSchedule? schedule) => schedule is null ? null : schedule with
    {
        StepEpochs = schedule.StepEpochs == 1 ? null : schedule.StepEpochs,
        Gamma = schedule.Gamma == LearningRateSchedule.UsualGamma ? null : schedule.Gamma,
        FinalFactor = schedule.FinalFactor == 0 ? null : schedule.FinalFactor,
        RisingFraction = schedule.RisingFraction == LearningRateSchedule.UsualRisingFraction ? null : schedule.RisingFraction,
    };
}

/// <summary>
/// Which of several runs with the same evidence counts: the first that finished; else the one that came furthest, and of equals the first.
/// </summary>
internal readonly record struct EvidenceRank(bool Finished, DateTime? EndedAt, int EpochsDone, long Number) : IComparable<EvidenceRank>
{
    public static EvidenceRank Of(Run run) => new(run.Status == RunStatus.Finished, run.EndedAt, run.Training?.EpochsDone ?? 0, run.Number);

    public int CompareTo(EvidenceRank other) =>
        Finished != other.Finished ? (Finished ? -1 : 1)
        : Finished && EndedAt != other.EndedAt ? Nullable.Compare(EndedAt, other.EndedAt)
        : !Finished && EpochsDone != other.EpochsDone ? other.EpochsDone.CompareTo(EpochsDone)
        : Number.CompareTo(other.Number);
}
