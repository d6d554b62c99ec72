using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Checkpoints;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Devices;
using ExperimentHub.Trainer.Hub;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer;

/// <summary>One run as the hub's child process: commands on standard input, events on standard output, log on standard error.</summary>
internal static class HubSession
{
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string? externalLibTorch)
    {
        using var output = LibC.TakeStandardOutput();
        var events = new EventWriter(line => output.Write(Encoding.UTF8.GetBytes(line + "\n")));
        // Not disposed: the listening thread may use it until the very end.
        var stop = new CancellationTokenSource();
        var commands = new CommandReader(new StreamReader(Console.OpenStandardInput(), Encoding.UTF8), stop, Log, onEnd: EndWithHub);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        // Ctrl+C in a terminal reaches the hub and its trainers alike; the hub decides what becomes of them.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        commands.Listen();

        try
        {
            var readiness = new Readiness(externalLibTorch, Log);
            if (await commands.StandBy.WaitAsync(stop.Token) is { } order)
                readiness.StandBy(order, () => commands.Start.IsCompleted || stop.IsCancellationRequested);
            Train(await commands.Start.WaitAsync(stop.Token), readiness, events, stop.Token);
            return commands.HasEnded ? ExitCode.HubGone : ExitCode.Done;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            events.Send(new TrainingStopped());
            return commands.HasEnded ? ExitCode.HubGone : ExitCode.Done;
        }
        catch (Exception failure)
        {
            var known = Failures.Explain(failure);
            Log(known == failure ? $"error: {failure.Message}" : $"error: {failure}");
            events.Send(new TrainingFailed(known.Message, known.Remedy));
            return ExitCode.Failed;
        }
    }

    private static void Train(StartTraining start, Readiness readiness, EventWriter events, CancellationToken stop)
    {
        var dataset = start.Dataset ?? DatasetCatalog.Find(start.Spec.Dataset);
        if (start.Spec.Validate(dataset) is { Count: > 0 } problems)
            throw new TrainingFailure(string.Join(" ", problems.Select(problem => $"{problem.Field}: {problem.Message}")),
                "Change the experiment and start it again.");

        using var untilLoaded = new TimedBeat(events.Beat);
        events.Send(new Preparing("Loading torch"));
        readiness.LoadTorch();
        var device = DeviceNames.Find(start.Device);
        if (Precisions.WhyNot(start.Spec.Precision, device, DeviceNames.CapabilityOf(device)) is { } unfit)
            throw new TrainingFailure(unfit, null);

        events.Send(new Preparing($"Reading {dataset!.Name}"));
        untilLoaded.Dispose();
        using var http = MirrorSource.CreateClient();
        var progress = new FetchProgress(new PreparingThrottle(events).Report, events.Beat);
        var store = new DatasetStore(start.DatasetFolder, info => DatasetStore.PublicSources(info, http), progress, Log);
        // It waits for room as a checkpoint does. Nothing else runs on this thread.
        var data = readiness.TakeData(dataset)
            ?? new RoomOnDisk(events, Log, () => stop.IsCancellationRequested).Until(() => store.LoadAsync(dataset, stop).GetAwaiter().GetResult())
            ?? throw new OperationCanceledException(stop);

        new TrainingLoop(start, data, device, events, Log, () => stop.IsCancellationRequested).Run();
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    /// <summary>Nobody waits for a result any more, and whatever is half written has a temporary name: end now, also from inside torch.</summary>
    [DoesNotReturn]
    private static void EndWithHub()
    {
        Log("warn: the hub is gone; ending.");
        LibC.ExitNow(ExitCode.HubGone);
    }

    private static void Log(string line) => Console.Error.WriteLine(line);
}
