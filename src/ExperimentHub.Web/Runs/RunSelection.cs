using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Runs;

/// <summary>Chosen runs as they stand in an address: ids with commas between them, each once, in the order they were chosen.</summary>
public static class RunSelection
{
    /// <summary>What is no id is left out.</summary>
    public static IReadOnlyList<RunId> Parse(string? text) =>
        [.. (text ?? "").Split(',', StringSplitOptions.TrimEntries).Select(part => RunId.TryParse(part, out var id) ? id : (RunId?)null)
            .OfType<RunId>().Distinct()];

    public static string Text(IEnumerable<RunId> runs) => string.Join(',', runs);

    public static IReadOnlyList<RunId> Toggle(IReadOnlyList<RunId> runs, RunId run) =>
        runs.Contains(run) ? [.. runs.Where(other => other != run)] : [.. runs, run];
}
