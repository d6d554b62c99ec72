using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Execution.Trainers;

/// <summary>A run cannot start from where it was meant to. The message says why and what to do, for a person.</summary>
internal sealed class NoStartingPointException(string message) : Exception(message);

/// <summary>What an attempt starts from.</summary>
/// <param name="Resume">Where the run goes on; null where it begins.</param>
/// <param name="Fork">Whose weights it begins with; null for fresh ones.</param>
/// <param name="Dataset">The hash that its data set must have; null where any will do.</param>
internal sealed record StartingPoint(ResumePoint? Resume = null, ForkPoint? Fork = null, string? Dataset = null)
{
    /// <summary>The hub's own data set that it trains on; null where it is a published one.</summary>
    public DatasetInfo? Own { get; init; }

    /// <summary>Where the files of <see cref="Own"/> lie, in the attempt's scratch folder.</summary>
    public string? OwnFolder { get; init; }
}

/// <summary>Finds and verifies what an attempt starts from, a moment before it starts, and lays it into the attempt's scratch folder.</summary>
internal sealed class StartingPoints(RunHistory history, CheckpointFiles files, CheckpointKeeper keeper, ArtifactStore store, DatasetLibrary datasets)
{
    /// <param name="scratch">The attempt's folder, empty.</param>
    /// <param name="cancellation">Hashing what is large takes a while; nobody wants it any more.</param>
    /// <exception cref="NoStartingPointException">The run is a fork or a reproduction, and what it needs is gone.</exception>
    public async Task<StartingPoint> FindAsync(ClaimedRun run, string scratch, TrainerLog log, CancellationToken cancellation)
    {
        var resume = run.Key.Attempt == 1 ? null : await ResumeAsync(run.Key.Run, scratch, log, cancellation);
        var dataset = run.Reproduces is { } original ? await DatasetOfAsync(original) : null;
        var own = datasets.FindOwn(run.Spec.Dataset)?.ToInfo();
        return new StartingPoint(resume, resume is null && run.Fork is { } fork ? await ForkAsync(fork, scratch, log, cancellation) : null, dataset)
        {
            Own = own,
            OwnFolder = own is null ? null : await LendAsync(own, scratch, cancellation),
        };
    }

    /// <summary>Where a later attempt goes on; null where nothing can be trusted, and training begins anew.</summary>
    private async Task<ResumePoint?> ResumeAsync(RunId id, string scratch, TrainerLog log, CancellationToken cancellation)
    {
        await keeper.SweepAsync(id);
        var run = (await history.FindAsync(id, CancellationToken.None))!.Run;
        var training = run.Training!;
        while (await files.FurthestResumableAsync(run.Checkpoints, training.PausePoint, problem => log.Write("warn", problem),
            cancellation) is { } place)
        {
            // What goes in between is found missing at the next look, and the place before it is taken.
            if (!await LendAsync([(place.Weights, place.Weights.Name), (place.State, place.State.Name)], scratch, cancellation))
                continue;
            var point = new ResumePoint(place.Epoch, place.Weights.Name, place.State.Name, place.StepsDone);
            return WithResults(point, training.Spec, [.. training.EpochResults.Where(epoch => epoch.Number <= place.Epoch)]);
        }

        return null;
    }

    private static ResumePoint WithResults(ResumePoint place, TrainingSpec spec, List<Epoch> done)
    {
        var metric = BestMetrics.Of(spec);
        return place with
        {
            SecondsBefore = done.Sum(epoch => epoch.Seconds),
            Figures = new EpochFigures(
                [.. done.Select(epoch => BestEpoch.ValueOf(metric, epoch.TrainLoss, epoch.TestLoss, epoch.TestAccuracy, epoch.ValidationLoss,
                    epoch.ValidationAccuracy)).OfType<double>()],
                [.. done.Select(epoch => epoch.TrainLoss)]),
        };
    }

    private async Task<ForkPoint> ForkAsync(ForkSource fork, string scratch, TrainerLog log, CancellationToken cancellation)
    {
        const string remedy = "Fork from another checkpoint, or start a run with fresh weights.";
        if (await history.FindAsync(fork.Run, CancellationToken.None) is not { Run: var parent })
            throw new NoStartingPointException($"The run that this one is a fork of was deleted before this one had weights of its own. {remedy}");
        if (parent.Checkpoints.Find(checkpoint => checkpoint.Epoch == fork.Epoch) is not { } checkpoint)
            throw new NoStartingPointException(
                $"The checkpoint of epoch {fork.Epoch} of {parent.Name}, which this run is a fork of, was deleted before this one had weights of "
                    + $"its own. {remedy}");
        var point = new ForkPoint(CheckpointName.ForOrigin(fork.Epoch), checkpoint.State is null ? null : CheckpointName.StateForOrigin(fork.Epoch));
        List<(Artifact, string)> lent = [(checkpoint.Weights, point.CheckpointFile)];
        if (checkpoint.State is { } state)
            lent.Add((state, point.StateFile!));
        var problem = await files.ProblemAsync(lent.Select(file => file.Item1), cancellation);
        if (problem is null && !await LendAsync(lent, scratch, cancellation))
            problem = "It was deleted a moment ago.";
        if (problem is not null)
            throw new NoStartingPointException(
                $"The checkpoint of epoch {fork.Epoch} of {parent.Name}, which this run is a fork of, cannot be used: {problem} {remedy}");
        log.Write("info", $"Starting from the weights of {parent.Name} after epoch {fork.Epoch}");
        return point;
    }

    /// <summary>
    /// Lays the files of one of the hub's own data sets into a folder of the scratch folder. What is not there any more, the trainer finds missing
    /// and says so.
    /// </summary>
    /// <returns>The folder that holds the data set's.</returns>
    private async Task<string> LendAsync(DatasetInfo own, string scratch, CancellationToken cancellation)
    {
        var home = Path.Combine(scratch, ArtifactKey.Datasets);
        OwnFolder.Create(Path.Combine(home, own.Key));
        // A person may have compressed one to save room.
        foreach (var name in own.Files.SelectMany(file => new[] { file.Name, file.Name + DatasetFile.GzipEnding }))
            await store.LendAsync(ArtifactKey.OfDataset(own.Key).Under(name), Path.Combine(home, own.Key, name), cancellation);
        return home;
    }

    /// <returns>false where one of them is gone.</returns>
    private async Task<bool> LendAsync(IEnumerable<(Artifact File, string Name)> files, string scratch, CancellationToken cancellation)
    {
        foreach (var (file, name) in files)
        {
            // Of a place that was tried before.
            File.Delete(Path.Combine(scratch, name));
            if (!await store.LendAsync(file.Key, Path.Combine(scratch, name), cancellation))
                return false;
        }

        return true;
    }

    private async Task<string?> DatasetOfAsync(RunId original) =>
        (await history.FindAsync(original, CancellationToken.None))?.Run.Training?.DatasetSha256;
}
