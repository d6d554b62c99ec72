using System.Globalization;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Runs;

/// <summary>What the table of runs shows, as it stands in the address. Words that mean nothing are ignored.</summary>
public sealed record RunsAddress
{
    public const int PageSize = 50;

    // So that counting the runs before it stays within an int.
    private const int MaxPage = int.MaxValue / PageSize;

    public string? Text { get; init; }
    public string? Experiment { get; init; }
    public IReadOnlyList<RunStatus> Statuses { get; init; } = [];
    public IReadOnlyList<string> Models { get; init; } = [];
    public IReadOnlyList<string> Devices { get; init; } = [];
    public RunOrder Order { get; init; } = RunOrder.Created;
    public bool Descending { get; init; } = true;

    /// <summary>Counts from 1.</summary>
    public int Page { get; init; } = 1;

    public bool IsFiltered => !string.IsNullOrWhiteSpace(Text) || !string.IsNullOrWhiteSpace(Experiment) || Statuses.Count + Models.Count + Devices.Count > 0;

    public RunFilter Filter => new(Statuses, Models, Devices, Experiment, Text);

    public static RunsAddress Of(string? text, string? experiment, string[]? statuses, string[]? models, string[]? devices, string? order, string? page)
    {
        var known = Enum.TryParse<RunOrder>(order?.TrimStart('-'), ignoreCase: true, out var by) && Enum.IsDefined(by);
        return new RunsAddress
        {
            Text = text,
            Experiment = experiment,
            Statuses = [.. (statuses ?? []).Select(RunStatusMoves.FromWord).OfType<RunStatus>().Distinct()],
            Models = [.. (models ?? []).Where(model => model.Length > 0).Distinct()],
            Devices = [.. (devices ?? []).Where(device => device.Length > 0).Distinct()],
            Order = known ? by : RunOrder.Created,
            Descending = !known || order!.StartsWith('-'),
            Page = int.TryParse(page, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, 1, MaxPage) : 1,
        };
    }

    /// <summary>The query string's parameters; null removes one.</summary>
    public IReadOnlyDictionary<string, object?> Parameters => new Dictionary<string, object?>
    {
        ["q"] = string.IsNullOrWhiteSpace(Text) ? null : Text,
        ["experiment"] = string.IsNullOrWhiteSpace(Experiment) ? null : Experiment,
        ["status"] = Statuses.Select(status => status.Word()).ToArray(),
        ["model"] = Models.ToArray(),
        ["device"] = Devices.ToArray(),
        ["sort"] = Order == RunOrder.Created && Descending ? null : $"{(Descending ? "-" : "")}{Order.ToString().ToLowerInvariant()}",
        ["page"] = Page == 1 ? null : Page,
    };

    /// <summary>A click on a column: its better end first, the other end at the second click.</summary>
    public RunsAddress SortedBy(RunOrder order) => this with
    {
        Order = order,
        Descending = Order == order ? !Descending : order is RunOrder.Created or RunOrder.Accuracy,
        Page = 1,
    };
}
