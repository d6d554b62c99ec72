using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Execution.Trainers;

/// <summary>A run cannot start from where it was meant to. The message says why and what to do, for a person.</summary>
internal sealed class NoStartingPointException(string message) : Exception(message);

/// <summary>What an attempt starts from.</summary>
/// <param name="Resume">Where the run goes on; null where it begins.</param>
/// <param name="Fork">Whose weights it begins with; null for fresh ones.</param>
/// <param name="Dataset">The hash that its data set must have; null where any will do.</param>
internal sealed record StartingPoint(ResumePoint? Resume = null, ForkPoint? Fork = null, string? Dataset = null);

/// <summary>Finds and verifies what an attempt starts from, a moment before it starts.</summary>
internal sealed class StartingPoints(RunHistory history, CheckpointFiles files, CheckpointKeeper keeper)
{
    /// <param name="cancellation">Hashing what is large takes a while; nobody wants it any more.</param>
    /// <exception cref="NoStartingPointException">The run is a fork or a reproduction, and what it needs is gone.</exception>
    public async Task<StartingPoint> FindAsync(ClaimedRun run, TrainerLog log, CancellationToken cancellation)
    {
        var resume = run.Key.Attempt == 1 ? null : await ResumeAsync(run.Key.Run, log, cancellation);
        var dataset = run.Reproduces is { } original ? await DatasetOfAsync(original) : null;
        return new StartingPoint(resume, resume is null && run.Fork is { } fork ? await ForkAsync(fork, log, cancellation) : null, dataset);
    }

    /// <summary>Where a later attempt goes on; null where nothing can be trusted, and training begins anew.</summary>
    private async Task<ResumePoint?> ResumeAsync(RunId id, TrainerLog log, CancellationToken cancellation)
    {
        await keeper.SweepAsync(id);
        var run = (await history.FindAsync(id, CancellationToken.None))!.Run;
        var training = run.Training!;
        return await files.FurthestResumableAsync(id, run.Checkpoints, training.PausePoint, problem => log.Write("warn", problem), cancellation) is { } place
            ? WithResults(place, training.Spec, [.. training.EpochResults.Where(epoch => epoch.Number <= place.Epoch)])
            : null;
    }

    private static ResumePoint WithResults(ResumePoint place, TrainingSpec spec, List<Epoch> done)
    {
        var metric = BestMetrics.Of(spec);
        return place with
        {
            SecondsBefore = done.Sum(epoch => epoch.Seconds),
            Figures = new EpochFigures(
                [.. done.Select(epoch => BestEpoch.ValueOf(metric, epoch.TrainLoss, epoch.TestLoss, epoch.TestAccuracy, epoch.ValidationLoss, epoch.ValidationAccuracy)).OfType<double>()],
                [.. done.Select(epoch => epoch.TrainLoss)]),
        };
    }

    private async Task<ForkPoint> ForkAsync(ForkSource fork, TrainerLog log, CancellationToken cancellation)
    {
        const string remedy = "Fork from another checkpoint, or start a run with fresh weights.";
        if (await history.FindAsync(fork.Run, CancellationToken.None) is not { Run: var parent })
            throw new NoStartingPointException($"The run that this one is a fork of was deleted before this one had weights of its own. {remedy}");
        if (parent.Checkpoints.Find(checkpoint => checkpoint.Epoch == fork.Epoch) is not { } checkpoint)
            throw new NoStartingPointException($"The checkpoint of epoch {fork.Epoch} of {parent.Name}, which this run is a fork of, was deleted before this one had weights of its own. {remedy}");
        var (point, problem) = await files.ForkPointAsync(parent.Id, checkpoint, cancellation);
        if (point is null)
            throw new NoStartingPointException($"The checkpoint of epoch {fork.Epoch} of {parent.Name}, which this run is a fork of, cannot be used: {problem} {remedy}");
        log.Write("info", $"Starting from the weights of {parent.Name} after epoch {fork.Epoch}");
        return point;
    }

    private async Task<string?> DatasetOfAsync(RunId original) => (await history.FindAsync(original, CancellationToken.None))?.Run.Training?.DatasetSha256;
}
