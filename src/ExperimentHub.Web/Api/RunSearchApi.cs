using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using Microsoft.AspNetCore.Mvc;

namespace ExperimentHub.Web.Api;

/// <summary>Lists, counts and groups runs by the filter language, and helps to write it.</summary>
internal static class RunSearchApi
{
    private const int DefaultPageSize = 50;

    private const string Language =
        "filter: such as metrics.test_accuracy > 97% and params.optimizer = 'adam' and tags.night is not null. Archived runs are left out unless it "
            + "speaks of archived. metrics.x is its last value, at_best(metrics.x) that of the run's best epoch. 95% is 0.95; what is understood "
            + "and probably not meant is said in warnings. ";

    public static void MapRunSearch(this RouteGroupBuilder api)
    {
        api.MapGet("/runs", ListAsync).WithName("ListRuns").WithSummary("List runs, newest first or in any other order")
            .WithDescription(Language
                + "orderBy: columns with asc or desc and commas between; runs without a value come last. columns: what else is wanted of each run. "
                + "best and last are the figures of the run's best and of its last epoch, and say which it was. "
                + "pageToken: the nextPageToken of the page before, with the same filter and order. status, experiment, model: conditions beside "
                + "the filter.")
            .Produces<RunListPage>().ProducesValidationProblem();
        api.MapGet("/runs/count", CountAsync).WithName("CountRuns").WithSummary("Count runs").WithDescription(Language).Produces<RunCount>()
            .ProducesValidationProblem();
        api.MapGet("/runs/groups", GroupAsync).WithName("GroupRuns").WithSummary("Group runs by any columns")
            .WithDescription(Language
                + "groupBy: 1 to 4 columns. metric: what is measured in each group, such as at_best(metrics.test_accuracy). A training that was "
                + "repeated (the same settings, seed and data) counts once; runs that "
                + "diverged do not count unless the filter speaks of diverged.").Produces<RunGroupsResource>().ProducesValidationProblem();
        api.MapGet("/runs/columns", ColumnsAsync).WithName("ListColumns").WithSummary("List the columns that runs have")
            .WithDescription("search: only columns that contain it.").Produces<IReadOnlyList<ColumnResource>>();
        api.MapGet("/runs/columns/differing", DifferingAsync).WithName("ListDifferingColumns").WithSummary("List the columns in which runs differ")
            .WithDescription(Language)
            .Produces<IReadOnlyList<string>>().ProducesValidationProblem();
        api.MapGet("/runs/complete", CompleteAsync).WithName("CompleteFilter").WithSummary("Say what may be typed next in a filter")
            .WithDescription("text: the filter so far. caret: how many characters stand before the caret; the end where left out.")
            .Produces<Completion>().ProducesValidationProblem();
    }

    private static async Task<IResult> ListAsync(
        [AsParameters] RunQueryParameters parameters, RunSearch search, CancellationToken cancellation, string? columns = null,
        string? pageSize = null, string? pageToken = null)
    {
        var (query, problems) = parameters.Read();
        var size = ApiPages.Size(pageSize, DefaultPageSize, RunSearch.MaxPageSize, problems);
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);
        var result = await search.ListAsync(query, columns ?? "", size, pageToken, cancellation);
        return result.Answer is { } page ? Results.Ok(RunListPage.Of(page)) : ApiProblems.Invalid(result.Problems);
    }

    private static async Task<IResult> CountAsync([AsParameters] RunQueryParameters parameters, RunSearch search, CancellationToken cancellation)
    {
        var (query, problems) = parameters.Read();
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);
        var result = await search.CountAsync(query, cancellation);
        return result.Answer is { } count ? Results.Ok(count) : ApiProblems.Invalid(result.Problems);
    }

    private static async Task<IResult> GroupAsync([AsParameters] RunQueryParameters parameters, RunGrouping grouping, CancellationToken cancellation,
        string? groupBy = null, string? metric = null)
    {
        var (query, problems) = parameters.Read();
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);
        var result = await grouping.GroupAsync(query, groupBy ?? "", metric ?? "", cancellation);
        return result.Answer is { } groups ? Results.Ok(RunGroupsResource.Of(groups)) : ApiProblems.Invalid(result.Problems);
    }

    private static async Task<IResult> ColumnsAsync(RunColumns columns, CancellationToken cancellation, string? search = null) =>
        Results.Ok((await columns.ListAsync(search ?? "", cancellation)).Select(ColumnResource.Of));

    private static async Task<IResult> DifferingAsync([AsParameters] RunQueryParameters parameters, RunColumns columns,
        CancellationToken cancellation)
    {
        var (query, problems) = parameters.Read();
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);
        var result = await columns.DifferingAsync(query, cancellation);
        return result.Answer is { } differing ? Results.Ok(differing.Select(column => column.ToString())) : ApiProblems.Invalid(result.Problems);
    }

    private static async Task<IResult> CompleteAsync(FilterCompletion completion, CancellationToken cancellation, string? text = null,
        string? caret = null)
    {
        var place = text?.Length ?? 0;
        if (caret is not null && !int.TryParse(caret, NumberStyles.None, CultureInfo.InvariantCulture, out place))
            return ApiProblems.Invalid("caret", "Use a whole number, 0 or more.");
        return Results.Ok(await completion.CompleteAsync(text ?? "", place, cancellation));
    }
}

/// <summary>Which runs, as query parameters.</summary>
internal sealed class RunQueryParameters
{
    [FromQuery(Name = "filter")]
    public string? Filter { get; init; }

    [FromQuery(Name = "orderBy")]
    public string? OrderBy { get; init; }

    [FromQuery(Name = "status")]
    public string? Status { get; init; }

    [FromQuery(Name = "experiment")]
    public string? Experiment { get; init; }

    [FromQuery(Name = "model")]
    public string? Model { get; init; }

    public (RunQuery Query, List<SpecProblem> Problems) Read()
    {
        var status = RunStatusMoves.FromWord(Status);
        return (new RunQuery(Filter ?? "", OrderBy ?? "", status is { } known ? [known] : null, Experiment, Model is null ? null : [Model]),
            Status is null || status is not null
                ? [] : [new SpecProblem("status", $"Use one of: {string.Join(", ", Enum.GetValues<RunStatus>().Select(s => s.Word()))}.")]);
    }
}

/// <summary>A page of runs. <paramref name="NextPageToken"/> asks for the next one; null on the last.</summary>
/// <param name="Warnings">Names in the search that no run has, and comparisons that every run or none can meet.</param>
internal sealed record RunListPage(IReadOnlyList<RunListItem> Items, string? NextPageToken, IReadOnlyList<SearchProblem> Warnings)
{
    public static RunListPage Of(RunSearchPage page)
    {
        string[] names = [.. page.Titles];
        return new RunListPage([.. page.Items.Select(row => RunListItem.Of(row.Run, names.Length == 0 ? null : Values(names, row)))],
            page.NextPageToken, page.Warnings);
    }

    private static Dictionary<string, object?> Values(string[] names, RunRow row)
    {
        var values = new Dictionary<string, object?>();
        for (var i = 0; i < names.Length; i++)
            values[names[i]] = row.Cells[i];
        return values;
    }
}

/// <param name="Keys">By the names of the columns grouped by.</param>
/// <param name="Measured">Runs with a value that count.</param>
/// <param name="Repeats">Runs with a value that do not count: the same settings, seed and data as another one of the group.</param>
/// <param name="Diverged">Runs with a value that do not count: they diverged, and the filter does not speak of diverged.</param>
internal sealed record RunGroupResource(
    IReadOnlyDictionary<string, object?> Keys, long Runs, long Measured, double? Mean, double? Deviation, double? Min, double? Max, double? Best,
    long Repeats, long Diverged);

/// <param name="Better">Which values of the metric are: <c>low</c> or <c>high</c>; null where that is not known, and then no group has a
/// best.</param>
internal sealed record RunGroupsResource(string? Metric, string? Better, IReadOnlyList<RunGroupResource> Items, IReadOnlyList<SearchProblem> Warnings)
{
    public static RunGroupsResource Of(RunGroups groups) => new(groups.Metric?.ToString(), MetricAnswer.BetterOf(groups.Direction),
        [.. groups.Items.Select(group => new RunGroupResource(
            groups.Columns.Zip(group.Keys).DistinctBy(pair => pair.First).ToDictionary(pair => pair.First.ToString(), pair => pair.Second),
            group.Runs, group.Measured, group.Mean, group.Deviation, group.Min, group.Max, group.Best, group.Repeats, group.Diverged))],
        groups.Warnings);
}

/// <param name="Kind"><c>attribute</c>, <c>metric</c>, <c>param</c> or <c>tag</c>.</param>
/// <param name="Runs">How many have a value.</param>
/// <param name="Better">Of a metric: <c>low</c> or <c>high</c>; null where its runs do not say, or contradict each other.</param>
internal sealed record ColumnResource(string Column, string Kind, string Type, long Runs, string? Meaning, string? Better)
{
    public static ColumnResource Of(KnownColumn column) =>
        new(column.Column.ToString(), column.Column.Kind.ToString().ToLowerInvariant(), column.Type, column.Runs, column.Meaning,
            MetricAnswer.BetterOf(column.Direction));
}
