using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;

namespace ExperimentHub.Web.Api;

/// <summary>Make, change, delete and restore experiments.</summary>
internal static class ExperimentEditApi
{
    private const int MostSettings = 1_000;

    public static void MapExperimentEdits(this RouteGroupBuilder api)
    {
        api.MapPost("/experiments", CreateAsync).WithName("CreateExperiment").WithSummary("Make an experiment")
            .WithDescription("description and defaultSpec may be left out; the settings are the tutorial's then.")
            .Accepts<ExperimentRequest>("application/json").Produces<ExperimentResource>(StatusCodes.Status201Created).ProducesValidationProblem();
        Edit(api.MapPut("/experiments/{id}", (string id, HttpRequest request, ExperimentStore experiments, CancellationToken cancellation) =>
            ChangeAsync(id, true, request, experiments, cancellation))
            .WithName("ReplaceExperiment").WithSummary("Replace name, description, conclusion and settings of an experiment")
            .WithDescription(
                "What is left out becomes what it is in a new experiment. If-Match: the ETag that the edit began from; 412 where somebody changed "
                    + "the experiment since."));
        Edit(api.MapPatch("/experiments/{id}", (string id, HttpRequest request, ExperimentStore experiments, CancellationToken cancellation) =>
            ChangeAsync(id, false, request, experiments, cancellation))
            .WithName("ChangeExperiment").WithSummary("Change name, description, conclusion or settings of an experiment")
            .WithDescription(
                "What is left out stays. If-Match: the ETag that the edit began from; 412 where somebody changed the same part since. defaultSpec "
                    + "is replaced as a whole."));
        api.MapDelete("/experiments/{id}", DeleteAsync).WithName("DeleteExperiment").WithSummary("Delete an experiment with its runs")
            .WithDescription(
                "It is hidden at once. Until it is removed for good, which its address says as restorableUntil, restore brings it back. If-Match: "
                    + "412 where somebody edited it since.")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status410Gone).ProducesProblem(StatusCodes.Status412PreconditionFailed);
        api.MapPost("/experiments/{id}/restore", RestoreAsync).WithName("RestoreExperiment").WithSummary("Bring a deleted experiment back")
            .Produces<ExperimentResource>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        api.MapGet("/experiments/{id}/settings", SettingsAsync).WithName("ListSettings").WithSummary("List what the settings of an experiment were")
            .WithDescription(
                "Newest first; the first is what they are. by: page, api, import, or earlier where they were there before this was kept.")
            .Produces<SettingsList>().ProducesProblem(StatusCodes.Status404NotFound);

        static void Edit(RouteHandlerBuilder endpoint) => endpoint.Accepts<ExperimentRequest>("application/json").Produces<ExperimentResource>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status410Gone)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed).ProducesValidationProblem();
    }

    private static async Task<IResult> CreateAsync(HttpRequest request, ExperimentStore experiments, CancellationToken cancellation)
    {
        var (body, refused) = await ApiBody.ReadAsync<ExperimentRequest>(request, cancellation);
        if (body is null)
            return refused!;
        var result = await experiments.CreateAsync(
            new ExperimentDraft(body.Name ?? "", body.Description ?? "", body.DefaultSpec ?? new TrainingSpec(), body.Conclusion ?? ""),
            SettingsOrigin.Api, cancellation: cancellation);
        return result.Id is { } id && await experiments.FindAsync(id, cancellation) is { } made
            ? EditedAnswer.Of(ExperimentResource.Of(made), made.Version, StatusCodes.Status201Created, $"/api/v1/experiments/{id}")
            : Refused(result);
    }

    private static async Task<IResult> ChangeAsync(string id, bool whole, HttpRequest request, ExperimentStore experiments,
        CancellationToken cancellation)
    {
        var (body, refused) = await ApiBody.ReadAsync<ExperimentRequest>(request, cancellation);
        if (body is null)
            return refused!;
        if (ExperimentsApi.IdOf(id) is not { } number || await experiments.FindAsync(number, cancellation) is null)
            return ApiProblems.NoSuchExperiment(id);
        var change = whole ? new ExperimentChange(body.Name ?? "", body.Description ?? "", body.DefaultSpec ?? new TrainingSpec(),
            Conclusion: body.Conclusion ?? "")
            : new ExperimentChange(body.Name, body.Description, body.DefaultSpec, Conclusion: body.Conclusion);
        var result = await experiments.UpdateAsync(number, change, EditTag.BegunFrom(request), SettingsOrigin.Api, cancellation);
        if (await experiments.FindAsync(number, cancellation) is not { } now)
            return ApiProblems.NoSuchExperiment(id);
        return result.Conflict ? Changed(now) : result.Id is null ? Refused(result) : EditedAnswer.Of(ExperimentResource.Of(now), now.Version);
    }

    private static async Task<IResult> DeleteAsync(string id, HttpRequest request, ExperimentStore experiments, CancellationToken cancellation)
    {
        if (ExperimentsApi.IdOf(id) is not { } number)
            return ApiProblems.NoSuchExperiment(id);
        return await experiments.DeleteAsync(number, EditTag.BegunFrom(request), cancellation) switch
        {
            ExperimentDeletion.Deleted => Results.NoContent(),
            ExperimentDeletion.StillActive =>
                Results.Problem("It has queued or running runs. Stop them first.", statusCode: StatusCodes.Status409Conflict, title: "Still active"),
            ExperimentDeletion.Conflict when await experiments.FindAsync(number, cancellation) is { } now => Changed(now),
            _ => ApiProblems.NoSuchExperiment(id),
        };
    }

    private static async Task<IResult> RestoreAsync(string id, ExperimentStore experiments, CancellationToken cancellation)
    {
        if (ExperimentsApi.IdOf(id) is not { } number)
            return ApiProblems.NoSuchExperiment(id);
        var problem = await experiments.RestoreAsync(number, cancellation);
        if (await experiments.FindAsync(number, cancellation) is { } back)
            return EditedAnswer.Of(ExperimentResource.Of(back), back.Version);
        return problem is null || await experiments.IsGoneAsync(number, cancellation)
            ? ApiProblems.NoSuchExperiment(id)
            : Results.Problem(problem, statusCode: StatusCodes.Status409Conflict, title: "Not possible now");
    }

    private static async Task<IResult> SettingsAsync(string id, ExperimentStore experiments, CancellationToken cancellation) =>
        ExperimentsApi.IdOf(id) is { } number && await experiments.FindAsync(number, cancellation) is not null
            ? Results.Ok(
                new SettingsList([.. (await experiments.SettingsHistoryAsync(number, MostSettings, cancellation)).Select(SettingsResource.Of)], null))
            : ApiProblems.NoSuchExperiment(id);

    private static IResult Changed(Experiment now) => EditedAnswer.Changed("The experiment", now.Version, ExperimentResource.Of(now));

    /// <summary>The form calls the settings spec; here they are defaultSpec.</summary>
    private static IResult Refused(ExperimentResult result) =>
        ApiProblems.Invalid(result.Problems.Select(problem =>
            problem.Field.StartsWith("spec.", StringComparison.Ordinal) ? problem with { Field = $"defaultS{problem.Field[1..]}" } : problem));
}

/// <summary>What is to be different about an experiment.</summary>
internal sealed record ExperimentRequest
{
    public string? Name { get; init; }
    public string? Description { get; init; }

    /// <summary>In Markdown.</summary>
    public string? Conclusion { get; init; }
    public TrainingSpec? DefaultSpec { get; init; }
}

/// <summary>The newest settings of an experiment, in one page.</summary>
internal sealed record SettingsList(IReadOnlyList<SettingsResource> Items, string? NextPageToken);

/// <param name="Number">Counts from 1.</param>
/// <param name="Note">Where they were taken from; null where they were typed.</param>
internal sealed record SettingsResource(int Number, DateTime At, string By, string? Note, TrainingSpec Spec)
{
    public static SettingsResource Of(SettingsChange change) =>
        new(change.Number, change.At, change.By.ToString().ToLowerInvariant(), change.Note, change.Spec);
}
