using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>Runs of one spec with different seeds.</summary>
/// <param name="Spec">Theirs, with the seed of the first.</param>
/// <param name="Runs">In the order given.</param>
public sealed record SeedGroup(TrainingSpec Spec, IReadOnlyList<Run> Runs)
{
    /// <summary>Groups in the order of their first runs. Where a run trained matters too: its numbers and its pace may differ there.</summary>
    public static IReadOnlyList<SeedGroup> Of(IEnumerable<Run> runs) =>
    [
        .. runs.GroupBy(run => (run.Spec with { Seed = 0, Device = DeviceOf(run) }))
            .Select(group => new SeedGroup(group.First().Spec, [.. group])),
    ];

    /// <summary>Statistics of a figure over the group's runs; those without one are left out.</summary>
    public SampleStatistics Statistics(Func<Run, double?> figure) => SampleStatistics.Of(Runs.Select(figure).OfType<double>());

    private static string DeviceOf(Run run) => run.DeviceKind ?? run.Spec.Device;
}
