using ExperimentHub.Protocol.Checkpoints;
using ExperimentHub.Tracking.Artifacts;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>Where a run can go on, both of whose artifacts are what the database says.</summary>
/// <param name="Epoch">The last epoch that is done.</param>
/// <param name="StepsDone">Steps of the next epoch that are done as well.</param>
public sealed record ResumePlace(int Epoch, int StepsDone, Artifact Weights, Artifact State)
{
    public override string ToString() =>
        StepsDone == 0 ? $"The checkpoint of epoch {Epoch}" : $"The pause point at step {StepsDone} of epoch {Epoch + 1}";
}

/// <summary>Opens checkpoints by what the database knows of them: nothing in a request becomes a key.</summary>
public sealed class CheckpointFiles(ArtifactStore store)
{
    /// <summary>Opens the weights after comparing their size and SHA-256 with the database's.</summary>
    /// <returns>The file at its start, or why it cannot be used.</returns>
    public Task<OpenedArtifact> OpenAsync(Checkpoint checkpoint, CancellationToken cancellation = default) =>
        OpenAsync(checkpoint.Weights, cancellation);

    /// <summary>The same for somebody who takes it away: whatever its name says, it is a safetensors file.</summary>
    public async Task<OpenedArtifact> OpenToGiveAsync(Checkpoint checkpoint, CancellationToken cancellation = default)
    {
        var opened = await OpenAsync(checkpoint, cancellation);
        if (opened.Content is not { } file)
            return opened;
        if (SafetensorsHeader.Problem(file) is { } problem)
        {
            await file.DisposeAsync();
            return new OpenedArtifact(null, $"It is not a safetensors file, so it is not handed out: {problem}");
        }

        file.Position = 0;
        return opened;
    }

    /// <summary>Opens the weights after comparing their size alone: for its length, not for its bytes, of which nothing is known.</summary>
    public Task<OpenedArtifact> OpenUnreadAsync(Checkpoint checkpoint, CancellationToken cancellation = default) =>
        store.OpenUnreadAsync(checkpoint.Weights.Key, checkpoint.Weights.Size, cancellation);

    /// <summary>The furthest place that a run can go on from; null where there is none.</summary>
    /// <param name="checkpoints">Of one run, in any order.</param>
    /// <param name="pausePoint">The run's, where it has one.</param>
    /// <param name="onRefused">Hears of each place further on that cannot be used, and why: "The checkpoint of epoch 3 cannot be used: ...".</param>
    public async Task<ResumePlace?> FurthestResumableAsync(
        IEnumerable<Checkpoint> checkpoints, PausePoint? pausePoint, Action<string> onRefused, CancellationToken cancellation = default)
    {
        List<ResumePlace> places = [.. checkpoints.Where(c => c.State is not null).Select(c => new ResumePlace(c.Epoch, 0, c.Weights, c.State!))];
        if (pausePoint is not null)
            places.Add(new ResumePlace(pausePoint.Epoch, pausePoint.StepsDone, pausePoint.Weights, pausePoint.State));
        foreach (var place in places.OrderByDescending(p => (p.Epoch, p.StepsDone)))
        {
            if (await ProblemAsync([place.Weights, place.State], cancellation) is not { } problem)
                return place;
            onRefused($"{place} cannot be used: {problem}");
        }

        return null;
    }

    /// <returns>Why files cannot be used, after comparing each with the database; null where they can.</returns>
    public async Task<string?> ProblemAsync(IEnumerable<Artifact> files, CancellationToken cancellation = default)
    {
        foreach (var file in files)
        {
            var opened = await OpenAsync(file, cancellation);
            if (opened.Problem is not null)
                return opened.Problem;
            await opened.Content!.DisposeAsync();
        }

        return null;
    }

    internal Task<OpenedArtifact> OpenAsync(Artifact file, CancellationToken cancellation) =>
        store.OpenVerifiedAsync(file.Key, file.Size, file.Sha256, cancellation);
}
