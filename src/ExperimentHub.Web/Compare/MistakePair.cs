using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Compare;

/// <summary>The mistakes of two of the compared runs beside each other.</summary>
/// <param name="Evaluated">The runs whose predictions are known.</param>
/// <param name="Left">The run that the other is held against.</param>
/// <param name="Difference">Null with a <paramref name="Problem"/>.</param>
/// <param name="Dataset">What both were tested on; null where it is not on this machine.</param>
/// <param name="Problem">Why the two cannot be compared, for people.</param>
public sealed record MistakePair(IReadOnlyList<Run> Evaluated, Run Left, Run Right, MistakeDifference? Difference, OpenDataset? Dataset,
    string? Problem = null);

/// <summary>Reads the mistakes of two runs, of the epoch that was best for each.</summary>
public sealed class MistakePairs(EvaluationStore store, DatasetLibrary datasets, DatasetFiles files)
{
    /// <summary>Of the two runs that an address names; for one that it does not name, the baseline and the first other.</summary>
    /// <returns>Null where fewer than two of the runs were evaluated.</returns>
    public async Task<MistakePair?> ReadAsync(IReadOnlyList<Run> runs, Run baseline, CompareAddress address, CancellationToken cancellation = default)
    {
        var known = await store.RunsWithAsync([.. runs.Select(run => run.Id)], cancellation);
        List<Run> evaluated = [.. runs.Where(run => known.Contains(run.Id))];
        var left = Find(address.Left) ?? Find(baseline.Id) ?? evaluated.FirstOrDefault();
        var right = Find(address.Right) ?? evaluated.Find(run => run != left);
        return left is null || right is null ? null : await CompareAsync(evaluated, left, right, cancellation);

        Run? Find(RunId? id) => evaluated.Find(run => run.Id == id);
    }

    private async Task<MistakePair?> CompareAsync(List<Run> evaluated, Run left, Run right, CancellationToken cancellation)
    {
        if (left == right)
            return new MistakePair(evaluated, left, right, null, null, "These are the same run. Choose two different ones.");
        if (left.Training is not { Dataset: var tested } || right.Training is not { Dataset: var alsoTested })
            return new MistakePair(evaluated, left, right, null, null,
                "One of the two was not trained by this hub, so it is not known whether both were tested on the same images.");
        if (tested != alsoTested)
        {
            return new MistakePair(evaluated, left, right, null, null,
                $"{left.Name} was tested on {tested} and {right.Name} on {alsoTested}: their mistakes are about different images. Choose runs of "
                    + "one data set.");
        }

        var dataset = datasets.Find(tested) is { } info ? (await files.OpenAsync(info)).Dataset : null;
        // Either may have been deleted since.
        if (Shown(await store.OfRunAsync(left.Id, cancellation)) is not { } first
            || Shown(await store.OfRunAsync(right.Id, cancellation)) is not { } second)
            return null;
        var difference = MistakeDifference.Of(first, second, dataset?.TestLabels);
        return new MistakePair(evaluated, left, right, difference, dataset,
            difference is null ? "The two were tested on different images: the data set has changed between them." : null);
    }

    private static Evaluation? Shown(IReadOnlyList<EvaluationDetails> found) =>
        (found.FirstOrDefault(one => one.Best) ?? (found.Count > 0 ? found[^1] : null))?.Evaluation;
}
