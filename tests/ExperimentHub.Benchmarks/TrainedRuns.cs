using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Benchmarks;

/// <summary>Runs that have ended, with the curves of a training that nobody had to wait for: rates, batch sizes, models and seeds in turns.</summary>
internal static class TrainedRuns
{
    /// <param name="stepsPerEpoch">Points of the training loss in each epoch.</param>
    public static async Task<IReadOnlyList<RunId>> MakeAsync(string folder, int runs, int epochs, int stepsPerEpoch)
    {
        await using var hub = await EmptyHub.CreateAsync(existing: folder);
        var random = new Random(7);
        var ids = new List<RunId>();
        for (var run = 0; run < runs; run++)
        {
            var rate = 0.001 * Math.Pow(10, run % 5 / 2.0);
            var key = await hub.StartAsync(new TrainingSpec
            {
                Seed = run % 4, BatchSize = 32 << (run / 5 % 3),
                Optimizer = new() { LearningRate = Math.Round(rate, 4) }, Model = new() { Kind = run % 2 == 0 ? "simple-nn" : "small-cnn" }
            });
            await hub.Recorder.StartedAsync(key, new TrainingStarted(new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60_000, 10_000,
                stepsPerEpoch));
            for (var epoch = 1; epoch <= epochs; epoch++)
            {
                var first = (epoch - 1) * stepsPerEpoch;
                hub.Recorder.Progress(key, new TrainingProgress(epoch, first + stepsPerEpoch, 1.0 / epoch, 60_000)
                {
                    Losses = [.. Enumerable.Range(first, stepsPerEpoch).Select(step => (float)(2 / (1 + step * rate) + 0.1 * random.NextDouble()))],
                });
                var accuracy = 1 - 0.3 / epoch - 0.05 * random.NextDouble();
                await hub.Recorder.EpochAsync(key, new EpochFinished(epoch, 1 - accuracy, 1.1 - accuracy, accuracy, 0.5) { Best = true });
            }

            await hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, 0);
            ids.Add(key.Run);
        }

        await hub.Get<MetricWriter>().FlushAsync();
        return ids;
    }
}
