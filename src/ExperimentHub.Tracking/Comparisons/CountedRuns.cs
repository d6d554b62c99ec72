using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>Which of some runs count where a figure is taken over them: those that each say something of their own.</summary>
/// <param name="Runs">In the order given.</param>
/// <param name="Repeats">How many were left out because another one is the same training, done before (<see cref="Evidence"/>).</param>
/// <param name="Diverged">How many were left out because they diverged.</param>
public sealed record CountedRuns(IReadOnlyList<Run> Runs, int Repeats, int Diverged)
{
    /// <param name="withDiverged">Those that diverged count as well.</param>
    public static CountedRuns Of(IEnumerable<Run> runs, bool withDiverged)
    {
        var all = runs.ToList();
        List<Run> sound = withDiverged ? all : [.. all.Where(run => run.Training?.Diverged != true)];
        var counted = Evidence.CountedOnce(sound);
        return new CountedRuns(counted, sound.Count - counted.Count, all.Count - sound.Count);
    }

    /// <summary>What is said of several groups at once.</summary>
    public static CountedRuns Together(IEnumerable<CountedRuns> groups)
    {
        var all = groups.ToList();
        return new CountedRuns([.. all.SelectMany(group => group.Runs)], all.Sum(group => group.Repeats), all.Sum(group => group.Diverged));
    }
}
