using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Api;

/// <summary>What the metrics of a run are and came to, without their points.</summary>
internal static class MetricsApi
{
    public static void MapMetrics(this RouteGroupBuilder api)
    {
        api.MapGet("/runs/{id}/metrics", ListAsync).WithName("ListMetrics")
            .WithSummary("List a run's metrics, what was said of each, and its last, least, greatest and best value")
            .Produces<MetricList>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(string id, RunHistory history, MetricReader reader, CancellationToken cancellation) =>
        RunId.TryParse(id, out var runId) && await history.StateAsync(runId, cancellation) is { } run
            ? Results.Ok(new MetricList([.. (await reader.SummariesAsync(run.Number, cancellation)).Select(MetricAnswer.Of)]))
            : ApiProblems.NoSuchRun(id);
}

internal sealed record MetricList(IReadOnlyList<MetricAnswer> Items);

/// <param name="Better">Which values are: <c>low</c> or <c>high</c>; null where neither are, or nobody said.</param>
/// <param name="Role"><c>loss</c>, <c>accuracy</c> or <c>other</c>.</param>
/// <param name="Split">The data that it is measured on: <c>train</c>, <c>validation</c> or <c>test</c>; null for none of them.</param>
/// <param name="Points">How many there are.</param>
/// <param name="Last">null where it is NaN. The others are over finite values, and null where there are none.</param>
/// <param name="BestStep">The first step with that value; likewise the others.</param>
internal sealed record MetricAnswer(
    string Name, string? Better, string Role, string? Split, long Points, long LastStep, double? Last, double? Min, long? MinStep, double? Max,
    long? MaxStep, double? Best, long? BestStep)
{
    public static MetricAnswer Of(MetricSeries series) => new(
        series.Name, BetterOf(series.Direction), series.Role.ToString().ToLowerInvariant(), series.Split == MetricSplit.None
            ? null : series.Split.ToString().ToLowerInvariant(),
        series.Count, series.LastStep, series.Last, series.Min, series.MinStep, series.Max, series.MaxStep, series.Best, series.BestStep);

    /// <summary>A direction in one word.</summary>
    public static string? BetterOf(MetricDirection direction) => direction switch
    {
        MetricDirection.LowerIsBetter => "low",
        MetricDirection.HigherIsBetter => "high",
        _ => null,
    };
}
