using System.Diagnostics;
using System.Globalization;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Checkpoints;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Hub;
using ExperimentHub.Trainer.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer;

/// <summary>
/// Trains one run, in the order of the tutorial: device, model, data, then epochs of steps. After every epoch it evaluates, reports and saves.
/// The same spec, seed, device and number of threads give bit-identical weights, also when the run goes on from the end of an epoch.
/// </summary>
/// <param name="data">Verified, in memory.</param>
/// <param name="log">Takes lines for the log.</param>
/// <param name="stop">Looked at before every step.</param>
internal sealed class TrainingLoop(StartTraining start, ImageData data, DeviceInfo deviceInfo, EventWriter events, Action<string> log, CancellationToken stop)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    // Large enough to keep a GPU busy, small enough that a CPU reports every second.
    private const int EvaluationBatch = 1_000;

    private readonly ProcessUse _use = new();

    /// <summary>Ends with TrainingFinished or TrainingStopped. Everything happens on the calling thread, which also gets torch's number of threads.</summary>
    /// <exception cref="TrainingFailure">The loss is no longer a number, or a checkpoint cannot be written, or the files to go on from do not fit.</exception>
    public void Run()
    {
        var spec = start.Spec;
        var outline = ModelOutline.Of(spec.Model, new ImageShape(data.Train.Images.Height, data.Train.Images.Width, data.Classes));

        // The hub applied the tutorial's rule (CUDA if this machine has it, else the CPU) and names the device; from here on model and data are
        // moved to it explicitly.
        var device = new Device(start.Device);
        var saved = SavedEpoch.Read(start);
        var threads = ThreadCount.For(outline, spec.BatchSize, Environment.ProcessorCount, saved?.Threads);
        set_num_threads(threads);

        // The seed is set once. The weights are drawn on the CPU, so that every device starts from the same ones.
        random.manual_seed(spec.Seed).Dispose();
        using var network = NetworkBuilder.Build(outline);
        network.to(device);
        using var trainImages = DeviceImages.MoveTo(device, data.Train);
        using var testImages = DeviceImages.MoveTo(device, data.Test);
        using var trainingStep = new TrainingStep(network, spec.Optimizer);
        var checkpoints = new CheckpointWriter(start);

        // Last, because building the network draws random numbers.
        if (saved is not null)
        {
            saved.Restore(network, trainingStep);
            LogResume(saved, threads);
        }

        // The last batch of an epoch is smaller where the images do not divide evenly; it is kept.
        var stepsPerEpoch = (data.Train.Count + spec.BatchSize - 1) / spec.BatchSize;
        events.Send(new TrainingStarted(deviceInfo, __version__, threads,
            network.parameters().Sum(parameter => parameter.NumberOfElements), data.Train.Count, data.Test.Count, stepsPerEpoch));

        for (var epoch = (saved?.Epoch ?? 0) + 1; epoch <= spec.Epochs; epoch++)
        {
            RandomState.BeginEpoch(device, spec.Seed, epoch);
            network.train();
            var clock = Stopwatch.StartNew();
            if (TrainEpoch(epoch, stepsPerEpoch, trainImages, trainingStep, device) is not { } trainLoss)
            {
                events.Send(new TrainingStopped());
                return;
            }

            var seconds = clock.Elapsed.TotalSeconds;
            log(string.Create(CultureInfo.InvariantCulture, $"info: Epoch {epoch}, Loss: {trainLoss}"));

            network.eval();
            var (testLoss, testAccuracy) = Evaluate(network, testImages, device);
            if (!double.IsFinite(testLoss))
                throw NotANumber($"The test loss is not a finite number after epoch {epoch}.");
            events.Send(new EpochFinished(epoch, trainLoss, testLoss, testAccuracy, seconds));

            events.Send(checkpoints.Save(epoch, network, trainingStep, testLoss, testAccuracy));
        }

        events.Send(new TrainingFinished());
    }

    private void LogResume(SavedEpoch saved, int threads)
    {
        log($"info: Resuming after epoch {saved.Epoch} from {start.Resume!.CheckpointFile}");
        if ((saved.Device, saved.TorchVersion, saved.Threads) != (start.Device, __version__, threads))
        {
            log($"warn: The weights will not be bit-identical to those of an uninterrupted run: up to epoch {saved.Epoch} it was {saved.Device}, " +
                $"torch {saved.TorchVersion}, threads: {saved.Threads}; now it is {start.Device}, torch {__version__}, threads: {threads}.");
        }
    }

    /// <returns>The mean of the steps' losses, or null when asked to stop.</returns>
    private double? TrainEpoch(int epoch, int steps, DeviceImages trainImages, TrainingStep trainingStep, Device device)
    {
        using var epochScope = NewDisposeScope();
        var sinceProgress = Stopwatch.StartNew();
        var batchSize = start.Spec.BatchSize;

        // A new order for every epoch, then batches are slices of it.
        using var shuffled = trainImages.InOrder(DataOrder.Of(start.Spec.Seed, epoch, data.Train.Count));
        using var losses = new LossLog(steps, device);
        for (var step = 0; step < steps; step++)
        {
            if (stop.IsCancellationRequested)
                return null;

            // Tensors are native memory that the collector does not see: everything that a step makes ends with it.
            using (NewDisposeScope())
            {
                var (inputs, labels) = shuffled.Batch((long)step * batchSize, batchSize);
                losses.Add(trainingStep.Take(inputs, labels));
            }

            if (sinceProgress.Elapsed >= ProgressInterval)
                ReportProgress(epoch, steps, losses, sinceProgress);
        }

        if (losses.Unread > 0)
            ReportProgress(epoch, steps, losses, sinceProgress);
        return losses.Mean;
    }

    /// <summary>Tells the loss of every step since the last report.</summary>
    private void ReportProgress(int epoch, int stepsPerEpoch, LossLog losses, Stopwatch since)
    {
        var (batchSize, first) = (start.Spec.BatchSize, losses.Count - losses.Unread);
        var samples = Math.Min((long)losses.Count * batchSize, data.Train.Count) - (long)first * batchSize;

        // Reading waits for the device, so the clock is read after it: a GPU may still be busy with steps that were only queued.
        var block = losses.ReadBack();
        var seconds = since.Elapsed.TotalSeconds;
        since.Restart();
        var diverged = !float.IsFinite(block[^1]);
        var told = diverged ? block[..^1] : block;
        if (told.Length > 0)
        {
            var (cpu, memory) = _use.Read();
            events.Send(new TrainingProgress(epoch, (long)(epoch - 1) * stepsPerEpoch + first + told.Length, told.Average(loss => (double)loss), samples / seconds)
            {
                Losses = told,
                LearningRate = start.Spec.Optimizer.LearningRate,
                Seconds = seconds,
                CpuPercent = cpu,
                MemoryBytes = memory,
            });
        }

        if (diverged)
            throw NotANumber($"The training loss is not a finite number in epoch {epoch} at step {first + block.Length}.");
    }

    private static TrainingFailure NotANumber(string reason) =>
        new($"{reason} The weights have grown out of range.", "Try a lower learning rate or a lower momentum.");

    /// <summary>Mean cross-entropy and accuracy over all test images.</summary>
    private (double Loss, double Accuracy) Evaluate(nn.Module<Tensor, Tensor> network, DeviceImages testImages, Device device)
    {
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var loss = zeros(1, float64, device);
        var correct = zeros(1, int64, device);
        for (var first = 0L; first < testImages.Count; first += EvaluationBatch)
        {
            using var batchScope = NewDisposeScope();
            var (inputs, labels) = testImages.Batch(first, EvaluationBatch);
            var scores = network.forward(inputs);
            loss.add_(nn.functional.cross_entropy(scores, labels, reduction: nn.Reduction.Sum));
            correct.add_(scores.argmax(1).eq(labels).sum());
            events.Beat();
        }

        return (loss.cpu().item<double>() / testImages.Count, (double)correct.cpu().item<long>() / testImages.Count);
    }
}
