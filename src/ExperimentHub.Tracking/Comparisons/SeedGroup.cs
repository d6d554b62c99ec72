using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>Runs of one spec with different seeds.</summary>
/// <param name="Spec">Theirs, with the seed of the first; null of a run without a training, which is a group for itself.</param>
/// <param name="Runs">In the order given.</param>
/// <param name="WithDiverged">Those that diverged count as well.</param>
public sealed record SeedGroup(TrainingSpec? Spec, IReadOnlyList<Run> Runs, bool WithDiverged)
{
    /// <summary>Those of them that count.</summary>
    public CountedRuns Counted { get; } = CountedRuns.Of(Runs, WithDiverged);

    /// <summary>Groups in the order of their first runs. Where a run trained matters too: its numbers and its pace may differ there.</summary>
    public static IReadOnlyList<SeedGroup> Of(IEnumerable<Run> runs, bool withDiverged = false) =>
        [.. runs.GroupBy(run => Evidence.Of(run).WithoutSeed).Select(group => new SeedGroup(group.First().Training?.Spec, [.. group], withDiverged))];

    /// <summary>Statistics of a figure over the group's runs that have it and count.</summary>
    public (SampleStatistics Statistics, CountedRuns Counted) Measure(Func<Run, double?> figure)
    {
        var counted = CountedRuns.Of(Runs.Where(run => figure(run) is { } value && double.IsFinite(value)), WithDiverged);
        return (SampleStatistics.Of(counted.Runs.Select(figure).OfType<double>()), counted);
    }
}
