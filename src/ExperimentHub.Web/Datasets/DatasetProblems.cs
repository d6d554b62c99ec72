using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Web.Datasets;

/// <summary>Refusals that several endpoints of data sets have in common.</summary>
internal static class DatasetProblems
{
    public static IResult NotFound() =>
        Results.Problem("There is no data set with this key; GET /api/v1/datasets lists them.", statusCode: StatusCodes.Status404NotFound,
            title: "No such data set");

    /// <param name="problem">What is wrong with its files; null where there are none.</param>
    public static IResult NotHere(DatasetInfo dataset, string? problem) => Results.Problem(
        problem ?? $"{dataset.Name} is not on this machine yet. Fetch it on its page, or start a run that trains on it.",
        statusCode: StatusCodes.Status409Conflict, title: "The data set is not here");
}
