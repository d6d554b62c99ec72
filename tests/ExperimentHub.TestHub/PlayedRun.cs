using System.Security.Cryptography;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.TestHub;

/// <summary>A run that trains, and whose trainer is the test: it says what a trainer would say, with files that really lie there.</summary>
public sealed class PlayedRun
{
    public const int StepsPerEpoch = 10;

    private readonly EmptyHub _hub;

    private PlayedRun(EmptyHub hub, AttemptKey key) => (_hub, Key) = (hub, key);

    public AttemptKey Key { get; }

    public RunId Id => Key.Run;

    /// <summary>Queues a run, or takes one that waits, and starts its trainer.</summary>
    public static async Task<PlayedRun> StartAsync(EmptyHub hub, TrainingSpec? spec = null, ResumePoint? resume = null,
        TrainingStarted? started = null, RunId? waiting = null)
    {
        var id = waiting ?? await hub.EnqueueAsync(spec);
        var claimed = await hub.Queue.ClaimAsync((await hub.Queue.WaitingGroupAsync(id))!, _ => true);
        if (claimed?.Key.Run != id)
            throw new InvalidOperationException("Another run waited before this one.");
        hub.Recorder.Begin(claimed.Key);
        var run = new PlayedRun(hub, claimed.Key);
        await hub.Recorder.StartedAsync(claimed.Key, started ?? Started(), resume);
        return run;
    }

    public static TrainingStarted Started(string device = "Test CPU", int threads = 1, string torch = "2.10.0", string kind = "cpu") =>
        new(new DeviceInfo(kind, 0, device), torch, threads, 7850, 60_000, 10_000, StepsPerEpoch) { DatasetSha256 = new string('d', 64) };

    /// <summary>The loss of each step of an epoch up to one of its steps.</summary>
    public void Steps(int epoch, int done = StepsPerEpoch, int from = 0) =>
        _hub.Recorder.Progress(Key, new TrainingProgress(epoch, (epoch - 1) * StepsPerEpoch + done, Loss(epoch), 60_000)
        {
            Losses = [.. Enumerable.Repeat((float)Loss(epoch), done - from)],
        });

    /// <summary>A whole epoch, with its checkpoint.</summary>
    /// <param name="weights">What stands for the weights; equal texts are equal weights.</param>
    public async Task EpochAsync(int epoch, double accuracy = 0.9, bool best = true, double? validationLoss = null, string? weights = null)
    {
        Steps(epoch);
        await _hub.Recorder.EpochAsync(Key, new EpochFinished(epoch, Loss(epoch), 0.4, accuracy, 0.5)
        {
            Best = best,
            ValidationLoss = validationLoss
        });
        await SaveAsync(epoch, weights);
    }

    public Task<bool> SaveAsync(int epoch, string? weights = null, bool withState = true)
    {
        var text = weights ?? $"weights {epoch}";
        var (file, state) = (CheckpointName.For(Key.Attempt, epoch), CheckpointName.StateFor(Key.Attempt, epoch));
        Leave(file, text);
        if (withState)
            Leave(state, text);
        return _hub.Checkpoints.SavedAsync(Key, new CheckpointSaved(epoch, file, Size(text), FileHash(text),
            withState ? new StateFile(state, Size(text), FileHash(text)) : null)
        {
            WeightsSha256 = Hash(text),
        });
    }

    public Task<bool> PausePointAsync(int epoch, int stepsDone)
    {
        var (file, state) = (CheckpointName.ForPause(Key.Attempt), CheckpointName.StateForPause(Key.Attempt));
        Leave(file, "pause");
        Leave(state, "pause");
        return _hub.Checkpoints.PausedAsync(Key,
            new PausePointSaved(epoch, stepsDone, file, Size("pause"), FileHash("pause"), new StateFile(state, Size("pause"), FileHash("pause"))));
    }

    /// <summary>Two classes, four images, one of them wrong.</summary>
    public Task<bool> EvaluateAsync(int epoch) =>
        _hub.Recorder.EvaluatedAsync(Key, new EpochEvaluated(epoch, 2, [0, 1, 1, 1], [1, 1, 0, 2], [new WorstImage(1, 0, 1, 2.5f, 0.9f)]));

    public Task<bool> EndAsync(AttemptEnding ending = AttemptEnding.Finished, string? reason = null) =>
        _hub.Recorder.EndAsync(Key, ending, ending is AttemptEnding.Failed or AttemptEnding.Crashed ? "It broke." : null, 0, reason);

    /// <summary>The names of the files among the run's checkpoints, sorted.</summary>
    public IReadOnlyList<string> Files =>
        [.. Directory.EnumerateFiles(_hub.Folder.CheckpointFolder(Id)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>Puts a file among the run's checkpoints behind the hub's back.</summary>
    public void Write(string file, string content) => Write(_hub.Folder.CheckpointFolder(Id), file, content);

    /// <summary>Leaves a file where a trainer does.</summary>
    public void Leave(string file, string content) => Write(_hub.Folder.ScratchFolder(Id, Key.Attempt), file, content);

    private static void Write(string folder, string file, string content)
    {
        DataFolder.Create(folder);
        File.WriteAllBytes(Path.Combine(folder, file), TinyCheckpoint.Of(content));
    }

    public Task<Run> ReadAsync() => _hub.ReadAsync(Id);

    private static double Loss(int epoch) => 0.5 / epoch;

    private static int Size(string text) => TinyCheckpoint.Of(text).Length;

    private static string FileHash(string text) => Convert.ToHexStringLower(SHA256.HashData(TinyCheckpoint.Of(text)));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
