using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Runs;

/// <summary>How far a run is and when it will end.</summary>
/// <param name="Fraction">0..1 of all steps.</param>
/// <param name="Epoch">The epoch in work, counted from 1; 0 before the first step.</param>
/// <param name="EndsAt">null while there is nothing to reckon with.</param>
public sealed record RunProgress(double Fraction, int Epoch, DateTime? EndsAt)
{
    /// <summary>Epochs that the pace is measured over: long enough to be calm, short enough to notice a slower machine.</summary>
    public const int PaceEpochs = 5;

    /// <summary>Of a run without a training only the end is known.</summary>
    public static RunProgress Of(Run run, LiveRun? live, DateTime now)
    {
        if (run.Training is not { } training)
            return new RunProgress(run.Status == RunStatus.Finished ? 1 : 0, 0, null);
        if (run.Status == RunStatus.Finished)
            return new RunProgress(1, training.PlannedEpochs, null);
        var steps = training.StepsPerEpoch ?? 0;
        // Between the last step of an epoch and its results the live step is the better witness.
        var stepsDone = Math.Max(live?.Step ?? 0, training.PausePoint is { } point ? (long)point.Epoch * steps + point.StepsDone : 0);
        var epochsDone = Math.Max(training.EpochsDone, steps > 0 ? (double)stepsDone / steps : 0);
        var fraction = Math.Clamp(epochsDone / training.PlannedEpochs, 0, 1);
        var epoch = Math.Min(training.PlannedEpochs, Math.Max(training.EpochsDone, live?.Epoch ?? 0));
        if (run.Status != RunStatus.Running || live is null || live.Activity is not null)
            return new RunProgress(fraction, epoch, null);
        return new RunProgress(fraction, epoch, SecondsPerEpoch(training, live, steps) is { } pace
            ? now.AddSeconds(pace * (training.PlannedEpochs - epochsDone)) : null);
    }

    /// <summary>
    /// With two epochs of this attempt their wall time, evaluation and saving included; before that the speed of the training alone.
    /// </summary>
    private static double? SecondsPerEpoch(Training training, LiveRun live, int steps)
    {
        var ended = training.EpochResults.Where(epoch => epoch.Attempt == live.Attempt).TakeLast(PaceEpochs).ToList();
        if (ended.Count >= 2)
            return (ended[^1].EndedAt - ended[0].EndedAt).TotalSeconds / (ended.Count - 1);
        return live.SamplesPerSecond is > 0 and { } speed && steps > 0 ? (double)steps * training.BatchSize / speed : null;
    }
}
