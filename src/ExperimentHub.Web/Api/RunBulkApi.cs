using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Web.Api;

/// <summary>One thing done to many runs, named one by one or by a filter.</summary>
internal static class RunBulkApi
{
    private const int MaxIds = Limits.IdsInARequest;
    private static readonly string[] Actions = ["tag", "untag", "archive", "unarchive", "stop", "delete"];

    public static void MapRunBulk(this RouteGroupBuilder api)
    {
        api.MapPost("/runs/bulk", ChangeAsync).WithName("ChangeRuns").WithSummary("Tag, archive, stop or delete many runs")
            .WithDescription(
                "action: tag, untag, archive, unarchive, stop or delete. Either ids, or filter with what else narrows it; an empty filter means "
                    + "every run that is not archived. tag and value: for tag and untag. "
                + "A deletion answers deletedAt, which /runs/restore takes until the runs are removed for good. warnings: what is no mistake in the "
                + "filter and probably one, with the corrected text.")
            .Accepts<BulkRequest>("application/json").Produces<BulkOutcome>().ProducesValidationProblem();
        api.MapPost("/runs/restore", RestoreAsync).WithName("RestoreRuns").WithSummary("Bring deleted runs back")
            .WithDescription("Either ids, or the deletedAt that a bulk deletion answered: a time in UTC, of which milliseconds count.")
            .Accepts<RestoreRequest>("application/json").Produces<RestoredRuns>().ProducesValidationProblem();
    }

    private static async Task<IResult> ChangeAsync(HttpRequest request, RunBulk bulk, CancellationToken cancellation)
    {
        var (body, refused) = await ApiBody.ReadAsync<BulkRequest>(request, cancellation);
        if (body is null)
            return refused!;
        if (!Actions.Contains(body.Action))
            return ApiProblems.Invalid("action", $"Use one of: {string.Join(", ", Actions)}.");
        if (body.Ids is null == body.Filter is null)
            return ApiProblems.Invalid("ids", "Send either ids or filter.");
        var (targets, wrong) = Targets(body);
        if (targets is null)
            return ApiProblems.Invalid("ids", wrong!);
        var tag = NameRule.Tidied(body.Tag);
        if (body.Action == "tag" && RunTag.Problem(tag, body.Value ?? "") is { } problem)
            return ApiProblems.Invalid(RunTag.NameProblem(tag) is null ? "value" : "tag", problem);
        // A name that an older hub allowed can be taken away.
        if (body.Action == "untag" && tag.Length == 0)
            return ApiProblems.Invalid("tag", RunTag.Problem(tag, "")!);
        var result = await (body.Action switch
        {
            "tag" => bulk.TagAsync(targets, tag, body.Value ?? "", cancellation: cancellation),
            "untag" => bulk.UntagAsync(targets, tag, cancellation: cancellation),
            "stop" => bulk.StopAsync(targets, cancellation),
            "delete" => bulk.DeleteAsync(targets, cancellation),
            _ => bulk.ArchiveAsync(targets, body.Action == "archive", cancellation),
        });
        return result.Answer is { } outcome ? Results.Ok(outcome) : ApiProblems.Invalid(result.Problems);
    }

    private static async Task<IResult> RestoreAsync(HttpRequest request, RunDeletion deletion, CancellationToken cancellation)
    {
        var (body, refused) = await ApiBody.ReadAsync<RestoreRequest>(request, cancellation);
        if (body is null)
            return refused!;
        if (body.DeletedAt is { } mark && body.Ids is null)
            return Results.Ok(new RestoredRuns(await deletion.RestoreAsync(mark, cancellation)));
        if (body.Ids is null || body.DeletedAt is not null)
            return ApiProblems.Invalid("ids", "Send either ids or deletedAt.");
        return Ids(body.Ids) is var (ids, wrong) && wrong is null
            ? Results.Ok(new RestoredRuns(await deletion.RestoreAsync(ids!, cancellation))) : ApiProblems.Invalid("ids", wrong!);
    }

    private static (RunTargets? Targets, string? Wrong) Targets(BulkRequest body)
    {
        if (body.Ids is null)
            return (RunTargets.Of(new RunQuery(body.Filter!)), null);
        var (ids, wrong) = Ids(body.Ids);
        return (ids is null ? null : RunTargets.Of(ids), wrong);
    }

    private static (IReadOnlyList<RunId>? Ids, string? Wrong) Ids(IReadOnlyList<string> texts)
    {
        if (texts.Count is 0 or > MaxIds)
            return (null, $"Send 1 to {MaxIds:N0} ids.");
        var ids = new List<RunId>();
        foreach (var text in texts)
        {
            if (!RunId.TryParse(text, out var id))
                return (null, $"'{text}' is no id; an id has 32 lower-case hex digits.");
            ids.Add(id);
        }

        return ([.. ids.Distinct()], null);
    }
}

/// <summary>What is to be done to which runs.</summary>
internal sealed record BulkRequest
{
    public string Action { get; init; } = "";
    public IReadOnlyList<string>? Ids { get; init; }
    public string? Filter { get; init; }
    public string? Tag { get; init; }
    public string? Value { get; init; }
}

internal sealed record RestoreRequest
{
    public IReadOnlyList<string>? Ids { get; init; }
    public DateTime? DeletedAt { get; init; }
}

/// <param name="Restored">How many runs are back.</param>
internal sealed record RestoredRuns(int Restored);
