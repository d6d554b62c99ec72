using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Compare;

/// <summary>A comparison as a browser keeps it. It may say anything.</summary>
/// <param name="Runs">Ids with commas between them.</param>
/// <param name="At">When it was last looked at, in Unix milliseconds.</param>
public sealed record KeptComparison(string? Runs, double At);

/// <summary>A run by its name.</summary>
public sealed record NamedRun(RunId Id, string Name);

/// <summary>A comparison that somebody may want to see again.</summary>
/// <param name="Runs">Those that are still there, in their order.</param>
/// <param name="Gone">How many are not.</param>
public sealed record RecentComparison(IReadOnlyList<NamedRun> Runs, int Gone, DateTime At)
{
    /// <summary>The module that keeps them.</summary>
    public const string Script = "/js/recent-comparisons.js";

    public const int Most = 5;

    private const int NamesSaid = 3;
    private static readonly double Latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>"calm-otter, wise-lynx and 3 more".</summary>
    public string Words =>
        Runs.Count <= NamesSaid ? string.Join(", ",
            Runs.Select(run => run.Name))
            : $"{string.Join(", ", Runs.Take(NamesSaid).Select(run => run.Name))} and {Figures.Count(Runs.Count - NamesSaid)} more";

    /// <summary>The runs of all of them.</summary>
    public static IReadOnlyList<RunId> Ids(IReadOnlyList<KeptComparison> kept) => [.. Readable(kept).SelectMany(one => one.Runs).Distinct()];

    /// <summary>Those of which there is still something to compare.</summary>
    /// <param name="names">Of the runs that are still there.</param>
    public static IReadOnlyList<RecentComparison> Of(IReadOnlyList<KeptComparison> kept, IReadOnlyDictionary<RunId, string> names) =>
    [
        .. Readable(kept)
            .Select(one => new RecentComparison([.. one.Runs.Where(names.ContainsKey).Select(id => new NamedRun(id, names[id]))],
                one.Runs.Count(id => !names.ContainsKey(id)), one.At))
            .Where(one => one.Runs.Count > 1),
    ];

    private static IEnumerable<(IReadOnlyList<RunId> Runs, DateTime At)> Readable(IReadOnlyList<KeptComparison> kept) =>
        kept.Take(Most)
            .Select(one =>
                (RunSelection.Parse(one.Runs), DateTimeOffset.FromUnixTimeMilliseconds(
                    (long)Math.Clamp(double.IsFinite(one.At) ? one.At : 0, 0, Latest)).UtcDateTime))
            .Where(one => one.Item1.Count is > 1 and <= CompareAddress.MaxRuns);
}
