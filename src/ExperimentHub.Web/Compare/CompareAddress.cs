using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Compare;

/// <summary>What the curves of a comparison are drawn over.</summary>
public enum CompareAxis
{
    Epoch,
    Step,

    /// <summary>Seconds of training, without evaluation and checkpoints.</summary>
    Time,
}

/// <summary>A comparison as it stands in the address. Words that mean nothing are ignored.</summary>
public sealed record CompareAddress
{
    /// <summary>As many ids as fit into an address that every server and browser takes.</summary>
    public const int MaxRuns = 200;

    /// <summary>In the order of the columns.</summary>
    public IReadOnlyList<RunId> Runs { get; init; } = [];

    /// <summary>The run that the others are measured against; null for the first.</summary>
    public RunId? Baseline { get; init; }

    /// <summary>Only settings that differ are shown.</summary>
    public bool HideEqual { get; init; }

    public CompareAxis Axis { get; init; }

    public static CompareAddress Of(string? runs, string? baseline, string? hideEqual, string? axis)
    {
        var ids = RunSelection.Parse(runs);
        return new CompareAddress
        {
            Runs = [.. ids.Take(MaxRuns)],
            Baseline = RunId.TryParse(baseline, out var id) && ids.Contains(id) ? id : null,
            HideEqual = string.Equals(hideEqual, "true", StringComparison.OrdinalIgnoreCase),
            Axis = Enum.TryParse<CompareAxis>(axis, ignoreCase: true, out var known) && Enum.IsDefined(known) ? known : CompareAxis.Epoch,
        };
    }

    /// <summary>The query string's parameters; null removes one.</summary>
    public IReadOnlyDictionary<string, object?> Parameters => new Dictionary<string, object?>
    {
        ["runs"] = Runs.Count == 0 ? null : RunSelection.Text(Runs),
        ["baseline"] = Baseline?.ToString(),
        ["hideEqual"] = HideEqual ? "true" : null,
        ["axis"] = Axis == CompareAxis.Epoch ? null : Axis.ToString().ToLowerInvariant(),
    };

    /// <summary>The address of a comparison of these runs.</summary>
    public static string To(IEnumerable<RunId> runs, RunId? baseline = null) =>
        $"compare?runs={RunSelection.Text(runs)}{(baseline is { } id ? $"&baseline={id}" : "")}";

    public CompareAddress Without(RunId run) => this with { Runs = [.. Runs.Where(other => other != run)], Baseline = Baseline == run ? null : Baseline };
}
