using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>What a run had spent when it first reached a test accuracy.</summary>
/// <param name="Epochs">Finished by then; accuracy is measured at their ends.</param>
/// <param name="TrainSeconds">Of the device, without evaluation and checkpoints.</param>
public sealed record TargetReached(int Epochs, double TrainSeconds)
{
    /// <param name="run">With its epochs, in their order.</param>
    /// <param name="accuracy">0..1.</param>
    /// <returns>Null where it has not got there.</returns>
    public static TargetReached? Of(Run run, double accuracy)
    {
        var seconds = 0.0;
        foreach (var epoch in run.Training?.EpochResults ?? [])
        {
            seconds += epoch.Seconds;
            if (epoch.TestAccuracy >= accuracy)
                return new TargetReached(epoch.Number, seconds);
        }

        return null;
    }
}
