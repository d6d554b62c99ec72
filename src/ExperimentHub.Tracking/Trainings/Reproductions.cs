using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Trainings;

public enum ReproductionOutcome
{
    /// <summary>The same weights and, at every step, the same loss, to the last bit.</summary>
    Identical,

    /// <summary>Not the same bits, but what a person would call the same result.</summary>
    WithinTolerance,

    Different,
}

/// <summary>How a run that was done again compares with the one before.</summary>
/// <param name="LossDifference">The largest of the epochs' losses, relative to the greater of the two; null where there is no epoch to
/// compare.</param>
/// <param name="AccuracyDifference">Test accuracy after the last epoch, the new run's less the old one's.</param>
/// <param name="FirstDifferentStep">The first step whose training loss differs or is missing; null where none does.</param>
/// <param name="SameWeights">null where one of the two has no hash over its weights.</param>
/// <param name="Circumstances">What else differs, or is not known, and may explain it; sentences.</param>
public sealed record ReproductionVerdict(
    ReproductionOutcome Outcome, int Epochs, int OriginalEpochs, double? LossDifference, double? AccuracyDifference, long? FirstDifferentStep,
    bool? SameWeights,
    IReadOnlyList<string> Circumstances);

/// <summary>Compares a reproduction with its original. The tolerance and why it is what it is: docs/decisions/0012-control.md.</summary>
public sealed class Reproductions(RunHistory history, MetricReader metrics)
{
    /// <summary>Relative, of each epoch's mean training loss and of its losses on test and validation images.</summary>
    public const double LossTolerance = 0.01;

    /// <summary>Fraction of the test images.</summary>
    public const double AccuracyTolerance = 0.002;

    /// <returns>null where one of the two does not exist or has not finished.</returns>
    public async Task<ReproductionVerdict?> CompareAsync(RunId original, RunId reproduction, CancellationToken cancellation = default)
    {
        if ((await history.FindAsync(original, cancellation))?.Run is not { Status: RunStatus.Finished, Training: { } before }
            || (await history.FindAsync(reproduction, cancellation))?.Run is not { Status: RunStatus.Finished, Training: { } again })
            return null;
        var step = FirstDifference(
            await metrics.ReadAsync(before.RunNumber, MetricNames.TrainLoss, cancellation: cancellation),
            await metrics.ReadAsync(again.RunNumber, MetricNames.TrainLoss, cancellation: cancellation));
        return Compare(before, again, step);
    }

    internal static ReproductionVerdict Compare(Training before, Training again, long? firstDifferentStep)
    {
        var epochs = before.EpochResults.Join(again.EpochResults, e => e.Number, e => e.Number, (a, b) => (Before: a, Again: b)).ToList();
        double? loss = epochs.Count == 0 ? null : epochs.Max(pair => Losses(pair.Before).Zip(Losses(pair.Again), Difference).Max());
        var accuracy = again.LastTestAccuracy - before.LastTestAccuracy;
        var weights = SameWeights(before, again);
        var sameLength = before.EpochsDone == again.EpochsDone;
        var outcome =
            sameLength && weights == true && loss == 0 && accuracy == 0 && firstDifferentStep is null ? ReproductionOutcome.Identical
            : sameLength && loss <= LossTolerance && Math.Abs(accuracy ?? double.NaN) <= AccuracyTolerance ? ReproductionOutcome.WithinTolerance
            : ReproductionOutcome.Different;
        return new ReproductionVerdict(outcome, again.EpochsDone, before.EpochsDone, loss, accuracy, firstDifferentStep, weights,
            [.. Circumstances(before, again)]);
    }

    private static IEnumerable<double> Losses(Epoch epoch) => [epoch.TrainLoss, epoch.TestLoss, epoch.ValidationLoss ?? 0];

    /// <summary>0 for the same bits; infinite where one of the two is no number.</summary>
    private static double Difference(double a, double b) =>
        a.Equals(b) ? 0 : double.IsFinite(a) && double.IsFinite(b) ? Math.Abs(a - b) / Math.Max(Math.Abs(a), Math.Abs(b)) : double.PositiveInfinity;

    private static bool? SameWeights(Training before, Training again) =>
        Final(before) is { } one && Final(again) is { } other ? one == other : null;

    private static string? Final(Training training) =>
        training.Run.Checkpoints.Find(checkpoint => checkpoint.Epoch == training.EpochsDone)?.WeightsSha256;

    private static long? FirstDifference(IReadOnlyList<MetricPoint> before, IReadOnlyList<MetricPoint> again)
    {
        for (var i = 0; i < Math.Max(before.Count, again.Count); i++)
        {
            if (i >= before.Count || i >= again.Count)
                return (i < before.Count ? before : again)[i].Step;
            if (before[i].Step != again[i].Step || !before[i].Value.Equals(again[i].Value))
                return Math.Min(before[i].Step, again[i].Step);
        }

        return null;
    }

    private static IEnumerable<string> Circumstances(Training before, Training again)
    {
        if (before.DatasetSha256 is null || again.DatasetSha256 is null)
            yield return "Whether both saw the same data is not known: one of them ran before data sets were recorded.";
        else if (before.DatasetSha256 != again.DatasetSha256)
            yield return "The data sets differ.";
        if ((before.DeviceKind, before.DeviceName) != (again.DeviceKind, again.DeviceName))
            yield return $"Another device: {before.DeviceName} before, {again.DeviceName} now.";
        if (before.Threads != again.Threads)
            yield return $"Another number of threads: {before.Threads} before, {again.Threads} now.";
        if (!RecordedTorch.Same(before.TorchVersion, again.TorchVersion))
            yield return $"Another libtorch: {before.TorchVersion} before, {again.TorchVersion} now.";
        if (before.Run.AppVersion != again.Run.AppVersion)
            yield return $"Another ExperimentHub: {before.Run.AppVersion} before, {again.Run.AppVersion} now.";
        foreach (var training in new[] { before, again }.Where(training => BitIdentity.Changes(training.Attempts, training.Spec.Deterministic).Any()))
            yield return $"{training.Run.Name} itself was trained in parts that differ in these; its attempts say how.";
    }
}
