using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.ExperimentFiles;

/// <summary>A hub with an experiment that has a bit of everything, and ways to carry it to another.</summary>
internal static class ExportedHub
{
    public static TrainingSpec Spec { get; } = new() { Epochs = 3, Optimizer = new() { LearningRate = 0.02 } };

    /// <summary>Two epochs, then paused in the third and stopped: every kind of entry.</summary>
    public static async Task<(Experiment Experiment, RunId Full)> FillAsync(EmptyHub hub)
    {
        var run = await PlayedRun.StartAsync(hub, Spec);
        using (var log = hub.Get<RunLogs>().Append(run.Id, 1))
        {
            log.Write("info", "Reading the images from /home/somebody/.cache/digits.gz, see https://example.com/a/b");
            log.Write("warn", "Zwölf Boxkämpfer");
        }

        await hub.Get<RunLogs>().KeepAsync(run.Id, 1);

        hub.Get<MetricWriter>().Append(run.Key.RunNumber, "odd_error", Odd());
        await run.EpochAsync(1, accuracy: 0.8);
        await run.EvaluateAsync(1);
        await run.EpochAsync(2, accuracy: 0.9);
        await run.EvaluateAsync(2);
        run.Steps(3, done: 4);
        await run.PausePointAsync(2, 4);
        await run.EndAsync(AttemptEnding.Stopped);
        await hub.Get<RunAnnotations>().WriteNotesAsync(run.Id, "# Why\n\nBecause.");
        await hub.Get<RunAnnotations>().TagAsync(run.Id, "owner", "anna");
        await hub.Get<RunAnnotations>().RenameAsync(run.Id, "full");

        await hub.FinishAsync("second", Spec, accuracies: [0.7, 0.95, 0.9]);
        var archived = await hub.FinishAsync("archived", Spec, accuracies: 0.6);
        await hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([archived]), true);
        var deleted = await hub.FinishAsync("deleted", Spec, accuracies: 0.5);
        await hub.Get<RunDeletion>().DeleteAsync(deleted);
        await hub.EnqueueAsync(Spec, name: "waiting");
        return ((await hub.Get<ExperimentStore>().FindAsync("tutorial"))!, run.Id);
    }

    /// <summary>More than a chunk, uneven, with what is no number in it.</summary>
    public static MetricPoint[] Odd() =>
        [.. Enumerable.Range(0, 2_500).Select(i =>
            new MetricPoint(1 + i * 3L + i % 2, 1_700_000_000_000 + i * 7L,
                i % 500 == 3 ? double.NaN : i % 700 == 5 ? double.PositiveInfinity : 1.0 / (i + 1)))];

    public static async Task<byte[]> ExportAsync(EmptyHub hub, int experiment)
    {
        using var file = new MemoryStream();
        await hub.Get<ExperimentExport>().WriteAsync(experiment, file);
        return file.ToArray();
    }

    public static async Task<ImportResult> ImportAsync(EmptyHub hub, byte[] file)
    {
        using var import = hub.Get<ExperimentImports>().Begin();
        Assert.Equal(new Reception(true), await import.ReceiveAsync(new MemoryStream(file), CancellationToken.None));
        return await import.CommitAsync(CancellationToken.None);
    }
}
