using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Web.Api;

/// <summary>List, read and clone experiments.</summary>
internal static class ExperimentsApi
{
    public static void MapExperiments(this RouteGroupBuilder api)
    {
        api.MapGet("/experiments", ListAsync).WithName("ListExperiments").WithSummary("List experiments")
            .WithDescription(
                $"The one with the newest run first. archived: true for those that are archived. pageSize: 1 to {ExperimentPages.MaxSize}, which it "
                    + "is where left out; pageToken: the nextPageToken of the page before.")
            .Produces<ExperimentList>().ProducesValidationProblem();
        api.MapGet("/experiments/{id}", ReadAsync).WithName("ReadExperiment").WithSummary("Read an experiment").Produces<ExperimentResource>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        api.MapPost("/experiments/{id}/clone", CloneAsync).WithName("CloneExperiment").WithSummary("Clone an experiment")
            .WithDescription(
                "The new one has its description and settings, no runs and no schedules. name: optional, as is the whole body; \"X copy\" where it "
                    + "is left out.")
            .Accepts<CloneRequest>(isOptional: true, "application/json").Produces<ExperimentResource>(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesValidationProblem();
    }

    /// <summary>null where the text is no id.</summary>
    public static int? IdOf(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private static async Task<IResult> ListAsync(ExperimentPages pages, CancellationToken cancellation, string? archived = null,
        string? pageSize = null, string? pageToken = null)
    {
        var problems = new List<SpecProblem>();
        if (archived is not (null or "true" or "false"))
            problems.Add(new SpecProblem("archived", "Use true or false."));
        var size = ApiPages.Size(pageSize, ExperimentPages.MaxSize, ExperimentPages.MaxSize, problems);
        var after = pageToken is null ? null : ExperimentPlace.Parse(pageToken);
        if (pageToken is not null && after is null)
            problems.Add(new SpecProblem("pageToken", PageToken.NoToken));
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);
        var (items, next) = await pages.ReadAsync(archived == "true", size, after, cancellation);
        return Results.Ok(new ExperimentList([.. items.Select(ExperimentResource.Of)], next?.ToString()));
    }

    private static async Task<IResult> ReadAsync(string id, ExperimentStore experiments, CancellationToken cancellation) =>
        IdOf(id) is { } number && await experiments.FindAsync(number, cancellation) is { } experiment
            ? EditedAnswer.Of(ExperimentResource.Of(experiment), experiment.Version)
            : ApiProblems.NoSuchExperiment(id);

    private static async Task<IResult> CloneAsync(string id, HttpRequest request, ExperimentStore experiments, CancellationToken cancellation)
    {
        var (body, refused) = await ApiBody.ReadOptionalAsync<CloneRequest>(request, cancellation);
        if (refused is not null)
            return refused;
        if (IdOf(id) is not { } number || await experiments.CloneAsync(number, body?.Name, SettingsOrigin.Api, cancellation) is not { } result)
            return ApiProblems.NoSuchExperiment(id);
        return result.Id is { } clone && await experiments.FindAsync(clone, cancellation) is { } experiment
            ? EditedAnswer.Of(ExperimentResource.Of(experiment), experiment.Version, StatusCodes.Status201Created, $"/api/v1/experiments/{clone}")
            : ApiProblems.Invalid(result.Problems);
    }
}

/// <summary>A page of experiments.</summary>
/// <param name="NextPageToken">null on the last page.</param>
internal sealed record ExperimentList(IReadOnlyList<ExperimentResource> Items, string? NextPageToken);

/// <summary>An experiment as programs see it. Its runs are found with <c>/runs?experiment=</c>.</summary>
/// <param name="Conclusion">What its runs have shown, in Markdown.</param>
/// <param name="DefaultSpec">What new runs start from and schedules train.</param>
internal sealed record ExperimentResource(int Id, string Name, string Description, string Conclusion, TrainingSpec DefaultSpec, DateTime CreatedAt,
    DateTime? ArchivedAt)
{
    public static ExperimentResource Of(Experiment experiment) =>
        new(experiment.Id, experiment.Name, experiment.Description, experiment.Conclusion, experiment.DefaultSpec, experiment.CreatedAt,
            experiment.ArchivedAt);
}

internal sealed record CloneRequest
{
    public string? Name { get; init; }
}
