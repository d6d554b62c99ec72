using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// Asks <see cref="Divergence"/> of trainings that have ended and keeps the answer in their rows. A run whose judgement was lost with its hub is
/// judged at the next start.
/// </summary>
public sealed class DivergenceJudge(IDbContextFactory<TrackingDb> databases, MetricWriter metrics, DatasetLibrary datasets,
    ILogger<DivergenceJudge> logger)
{
    private const int Step = 200;

    /// <summary>Judges one run, where it has ended. What fails is logged: the run has ended all the same.</summary>
    public async Task JudgeAsync(long number)
    {
        try
        {
            // The steps of its last moments may still wait.
            await metrics.FlushAsync();
            await using var db = await databases.CreateDbContextAsync();
            await JudgeAsync(db, [number], CancellationToken.None);
        }
        catch (Exception e)
        {
            logger.LogError(e, "Run number {Run}: whether it diverged could not be found out; the next start tries again", number);
        }
    }

    /// <summary>Judges every run that has ended and was not judged; to be called once at the start.</summary>
    /// <returns>How many.</returns>
    public async Task<int> JudgeAllAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        // The points of what is being imported are still on their way.
        var waiting = await db.Trainings.IgnoreQueryFilters().Where(Ended)
            .Where(training => training.Diverged == null && training.Run.Experiment.DeletedAt != Experiment.Arriving)
            .OrderBy(training => training.RunNumber).Select(training => training.RunNumber).ToListAsync(cancellation);
        foreach (var step in waiting.Chunk(Step))
            await JudgeAsync(db, step, cancellation);
        return waiting.Count;
    }

    private static System.Linq.Expressions.Expression<Func<Training, bool>> Ended { get; } =
        training => training.Run.Status == RunStatus.Finished || training.Run.Status == RunStatus.Stopped || training.Run.Status == RunStatus.Failed;

    private async Task JudgeAsync(TrackingDb db, long[] numbers, CancellationToken cancellation)
    {
        var trainings = await db.Trainings.IgnoreQueryFilters().AsNoTracking().Where(Ended)
            .Where(training => numbers.Contains(training.RunNumber) && training.Diverged == null).ToListAsync(cancellation);
        var epochs = (await db.Epochs.AsNoTracking().Where(epoch => numbers.Contains(epoch.RunNumber)).OrderBy(epoch => epoch.Number)
            .ToListAsync(cancellation)).ToLookup(epoch => epoch.RunNumber);
        var losses = await db.MetricSeries.AsNoTracking().Where(series => numbers.Contains(series.RunNumber) && series.Name == MetricNames.TrainLoss)
            .ToDictionaryAsync(series => series.RunNumber, cancellation);
        // What was evaluated once says it of a data set that is gone.
        var classes = await db.Evaluations.Where(evaluation => numbers.Contains(evaluation.RunNumber)).GroupBy(evaluation => evaluation.RunNumber)
            .Select(group => new { Run = group.Key, Classes = group.Max(evaluation => evaluation.Classes) })
            .ToDictionaryAsync(row => row.Run, row => row.Classes, cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        foreach (var training in trainings)
        {
            var data = datasets.Find(training.Dataset);
            var reason = Reason(
                training, [.. epochs[training.RunNumber]], losses.GetValueOrDefault(training.RunNumber), data?.Classes
                    ?? (classes.TryGetValue(training.RunNumber, out var known) ? known : null),
                data?.TrainSamples);
            var diverged = reason is not null;
            // A person may have let it go on meanwhile.
            await db.Trainings.IgnoreQueryFilters().Where(Ended)
                .Where(row => row.RunNumber == training.RunNumber && row.EpochsDone == training.EpochsDone)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Diverged, diverged).SetProperty(row => row.DivergedBecause, reason),
                    cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    private static string? Reason(Training training, IReadOnlyList<Epoch> epochs, MetricSeries? losses, int? classes, int? trainSamples)
    {
        var endedNonFinite = losses is { Count: > 0 } && !double.IsFinite(losses.Last ?? double.NaN);
        var images = trainSamples - (training.ValidationSamples ?? training.Spec.Validation?.Samples ?? 0);
        // The last batch of an epoch is the rest.
        var isRest = losses?.MaxStep is { } step && training.StepsPerEpoch is { } steps && step % steps == 0;
        var rest = isRest && images is > 0 ? images.Value % training.BatchSize : 0;
        return Divergence.Of(training.Spec, epochs, losses?.Max, endedNonFinite, classes, rest == 0 ? training.BatchSize : rest);
    }
}
