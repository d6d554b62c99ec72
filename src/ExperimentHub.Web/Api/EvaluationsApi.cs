using System.Globalization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Api;

/// <summary>An evaluation in a list.</summary>
/// <param name="Accuracy">Fraction of the test images.</param>
internal sealed record EvaluationListItem(int Epoch, bool Best, bool Last, int Classes, int Images, double? Accuracy, double? MacroF1)
{
    public static EvaluationListItem Of(EvaluationDetails details) => new(
        details.Evaluation.Epoch, details.Best, details.Last, details.Evaluation.Classes, details.Scores.Images, details.Scores.Accuracy,
        details.Scores.MacroF1);
}

/// <summary>What a network said of each test image.</summary>
/// <param name="Confusion">Images, one row for each label, one column for each prediction.</param>
/// <param name="PerClass">Scores that would divide by zero are null.</param>
/// <param name="Predictions">The class of each test image, in the order of the file.</param>
/// <param name="Worst">The test images with the greatest losses, the worst first.</param>
internal sealed record EvaluationResource(
    int Epoch, bool Best, bool Last, double? Accuracy, double? MacroF1, IReadOnlyList<IReadOnlyList<int>> Confusion,
    IReadOnlyList<ClassScore> PerClass,
    IReadOnlyList<int> Predictions, IReadOnlyList<WorstImage> Worst)
{
    public static EvaluationResource Of(EvaluationDetails details)
    {
        var evaluation = details.Evaluation;
        return new EvaluationResource(
            evaluation.Epoch, details.Best, details.Last, details.Scores.Accuracy, details.Scores.MacroF1,
            [.. evaluation.Confusion.Chunk(evaluation.Classes)],
            details.Scores.Classes, [.. evaluation.Predictions.Select(prediction => (int)prediction)], evaluation.Worst);
    }
}

/// <summary>Reads evaluations: of the best and of the last epoch, no others are kept.</summary>
internal static class EvaluationsApi
{
    public static void MapEvaluations(this RouteGroupBuilder api)
    {
        api.MapGet("/runs/{id}/evaluations", ListAsync).WithName("ListEvaluations").WithSummary("List a run's evaluations")
            .WithDescription("At most two: of the best and of the last epoch.").Produces<ListPage<EvaluationListItem>>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/runs/{id}/evaluations/{epoch}", ReadAsync).WithName("ReadEvaluation").WithSummary("Read an evaluation")
            .Produces<EvaluationResource>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(string id, RunHistory history, EvaluationStore evaluations, CancellationToken cancellation) =>
        RunId.TryParse(id, out var run) && await history.StateAsync(run, cancellation) is not null
            ? Results.Ok(new ListPage<EvaluationListItem>([.. (await evaluations.OfRunAsync(run, cancellation)).Select(EvaluationListItem.Of)], null))
            : ApiProblems.NoSuchRun(id);

    private static async Task<IResult> ReadAsync(string id, string epoch, RunHistory history, EvaluationStore evaluations,
        CancellationToken cancellation)
    {
        if (!RunId.TryParse(id, out var run) || await history.StateAsync(run, cancellation) is null)
            return ApiProblems.NoSuchRun(id);
        var found = await evaluations.OfRunAsync(run, cancellation);
        return int.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && found.FirstOrDefault(e => e.Evaluation.Epoch == number) is { } details
            ? Results.Ok(EvaluationResource.Of(details))
            : Results.Problem(
                found.Count == 0
                    ? "This run has no evaluation yet."
                    : $"Only the best and the last epoch are kept: {string.Join(" and ", found.Select(e => e.Evaluation.Epoch))}.",
                statusCode: StatusCodes.Status404NotFound, title: "No such evaluation");
    }
}

/// <summary>
/// A list that always fits into one answer. <paramref name="NextPageToken"/> is null; it stands there so that every list of the API reads alike.
/// </summary>
internal sealed record ListPage<T>(IReadOnlyList<T> Items, string? NextPageToken);
