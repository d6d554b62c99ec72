using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>How much better the nights of a schedule are than the nights before them.</summary>
public static class NightGains
{
    /// <summary>
    /// Best test accuracy, 0..1, less that of the newest earlier night which has one. Left out are nights without a result or before whom there is
    /// none, nights that trained other settings than the one before, diverged ones, those that trained what an earlier night had trained, and what
    /// was started by hand.
    /// </summary>
    /// <param name="fires">Newest first.</param>
    /// <returns>By the number of the firing.</returns>
    public static IReadOnlyDictionary<int, double> Of(IReadOnlyList<FireDetails> fires)
    {
        var counted = CountedRuns.Of(fires.Select(item => item.Run).OfType<Run>().Where(run => run.Training?.BestTestAccuracy is not null),
            withDiverged: false).Runs.ToHashSet();
        var gains = new Dictionary<int, double>();
        Training? before = null;
        foreach (var (fire, run) in fires.Reverse())
        {
            if (fire.Manual || run?.Training is not { } training || !counted.Contains(run))
                continue;
            if (before is not null && SettingsOfNights.AreSame(before.Spec, training.Spec))
                gains[fire.Number] = training.BestTestAccuracy!.Value - before.BestTestAccuracy!.Value;
            before = training;
        }

        return gains;
    }
}
