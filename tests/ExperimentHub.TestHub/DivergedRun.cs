using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.TestHub;

/// <summary>A run whose loss shot up in a step and stayed where guessing is: it diverged.</summary>
public static class DivergedRun
{
    /// <param name="before">The test accuracy of an epoch before that; null where it never knew better.</param>
    public static async Task<RunId> MakeAsync(EmptyHub hub, TrainingSpec? spec = null, AttemptEnding ending = AttemptEnding.Finished,
        double? before = null)
    {
        var run = await PlayedRun.StartAsync(hub, spec);
        var epoch = 1;
        if (before is { } accuracy)
            await hub.Recorder.EpochAsync(run.Key, new EpochFinished(epoch++, 0.1, 0.1, accuracy, 0.5) { Best = true });
        hub.Recorder.Progress(run.Key, new TrainingProgress(epoch, epoch * PlayedRun.StepsPerEpoch, 2.31,
            60_000)
        { Losses = [2.3f, 80, 9, 2.4f, 2.31f, 2.3f, 2.31f, 2.31f, 2.3f, 2.31f] });
        await hub.Recorder.EpochAsync(run.Key, new EpochFinished(epoch, 2.311, 2.312, 0.1135, 0.5) { Best = before is null });
        await run.EndAsync(ending);
        return run.Id;
    }

    /// <summary>One beside it that did not, on the same data.</summary>
    public static async Task<RunId> SoundAsync(EmptyHub hub, TrainingSpec spec, double accuracy)
    {
        var run = await PlayedRun.StartAsync(hub, spec);
        await run.EpochAsync(1, accuracy);
        await run.EndAsync();
        return run.Id;
    }
}
