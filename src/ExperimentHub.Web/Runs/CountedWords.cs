using ExperimentHub.Tracking.Comparisons;

namespace ExperimentHub.Web.Runs;

/// <summary>Says which runs a figure over several of them does not count, and why. The same words on pages, in reports and below charts.</summary>
public static class CountedWords
{
    /// <summary>A sentence for each reason; empty where every run counts.</summary>
    public static IReadOnlyList<string> Of(CountedRuns counted) =>
        Of(counted.Runs.Count + counted.Repeats + counted.Diverged, counted.Repeats, counted.Diverged);

    /// <inheritdoc cref="Of(CountedRuns)"/>
    /// <param name="runs">All of them.</param>
    /// <param name="repeats">Those that are the same training as another.</param>
    /// <param name="diverged">Those that diverged.</param>
    public static IReadOnlyList<string> Of(long runs, long repeats, long diverged) =>
    [
        .. repeats == 0 ? Array.Empty<string>()
            : [$"{Runs(runs)}, {Figures.Count(repeats)} of them {(repeats == 1 ? "repeats another" : "repeat others")} (same settings, seed and "
                + "data); counted once."],
        .. diverged == 0 ? Array.Empty<string>() : [$"{Runs(runs)}, {Figures.Count(diverged)} of them diverged; left out."],
    ];

    private static string Runs(long count) => count == 1 ? "1 run" : $"{Figures.Count(count)} runs";
}
