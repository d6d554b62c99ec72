using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Compare.Report;

/// <summary>Where a run's steps lie along an axis of a comparison; compare/axis.js does the same in the browser.</summary>
internal static class CurvePlaces
{
    /// <param name="samples">Images in an epoch.</param>
    /// <param name="times">When steps were, with Unix milliseconds.</param>
    /// <returns>Gives null for steps whose place is not known.</returns>
    public static Func<long, double?> Of(CompareAxis axis, RunPace pace, int? samples, IReadOnlyList<(long Step, long Time)> times)
    {
        if (pace.StepsPerEpoch is not { } stepsPerEpoch)
            return _ => null;
        return axis switch
        {
            CompareAxis.Step => step => step,
            CompareAxis.Samples => step => step * (double?)samples / stepsPerEpoch,
            CompareAxis.Training => step => TrainingSeconds((double)step / stepsPerEpoch, pace.EpochSeconds),
            CompareAxis.Time => step => Seconds(step, times),
            _ => step => (double)step / stepsPerEpoch,
        };
    }

    /// <summary>Whole epochs as measured; the one that trains goes on at the pace of the last.</summary>
    private static double? TrainingSeconds(double epoch, IReadOnlyList<double> epochSeconds)
    {
        if (epochSeconds.Count == 0)
            return null;
        var before = Math.Min((int)epoch, epochSeconds.Count);
        return epochSeconds.Take(before).Sum() + (epoch - before) * epochSeconds[Math.Min(before, epochSeconds.Count - 1)];
    }

    /// <summary>Between two known steps time is as good as even.</summary>
    private static double? Seconds(long step, IReadOnlyList<(long Step, long Time)> times)
    {
        if (times.Count == 0)
            return null;
        var after = 0;
        while (after < times.Count && times[after].Step < step)
            after++;
        if (after == 0 || after == times.Count)
            return (times[Math.Min(after, times.Count - 1)].Time - times[0].Time) / 1000.0;
        var (low, high) = (times[after - 1], times[after]);
        return (low.Time - times[0].Time + (high.Time - low.Time) * (double)(step - low.Step) / (high.Step - low.Step)) / 1000;
    }
}
