using System.Diagnostics;
using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Checkpoints;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Epochs;
using ExperimentHub.Trainer.Evaluations;
using ExperimentHub.Trainer.Hub;
using ExperimentHub.Trainer.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer;

/// <summary>
/// Trains one run, in the order of the tutorial: device, model, data, then epochs of steps. After every epoch it evaluates, reports and saves.
/// On the CPU the same spec, seed and number of threads give bit-identical weights, also when the run was stopped after any step and goes on from
/// there. On a GPU they may differ in their last bits unless the spec asks for <see cref="TrainingSpec.Deterministic"/>, and also then nobody has
/// compared them yet.
/// </summary>
/// <param name="data">Verified, in memory.</param>
/// <param name="log">Takes lines for the log.</param>
/// <param name="mustStop">Asked before every block of steps, see <see cref="BlockSize"/>: if so, the place is saved and no step is lost.</param>
internal sealed class TrainingLoop(StartTraining start, ImageData data, DeviceInfo deviceInfo, EventWriter events, Action<string> log,
    Func<bool> mustStop)
{
    private readonly ProgressReports _progress = new(events, start.Spec.Optimizer.LearningRate);
    private readonly BlockSize _block = new();

    private Action _firstStepsAreDone = () => { };

    // One for all epochs: half a megabyte of garbage in each is never collected before it is much.
    private readonly long[] _order = new long[data.Train.Count - (start.Spec.Validation?.Samples ?? 0)];

    /// <summary>
    /// Ends with TrainingFinished or TrainingStopped. Everything happens on the calling thread, which also gets torch's number of threads.
    /// </summary>
    /// <exception cref="TrainingFailure">A loss is no longer a number, or a checkpoint cannot be written for another reason than a full disk, or the
    /// files to go on from do not fit.</exception>
    public void Run()
    {
        // CUDA, its libraries and their kernels are loaded on the way to the first steps, in calls that say nothing.
        using var untilFirstSteps = new TimedBeat(events.Beat);
        _firstStepsAreDone = untilFirstSteps.Dispose;
        var spec = start.Spec;
        var outline = ModelOutline.Of(spec.Model, new ImageShape(data.Train.Images.Height, data.Train.Images.Width, data.Classes));

        // The hub applied the tutorial's rule (CUDA if this machine has it, else the CPU) and names the device; from here on model and data are
        // moved to it explicitly.
        var device = new Device(start.Device);
        var saved = SavedTraining.Read(start, data.Sha256);
        var threads = ThreadCount.For(outline, spec.BatchSize, Environment.ProcessorCount, saved?.Threads);
        set_num_threads(threads);

        // The seed is set once. The weights are drawn on the CPU, so that every device starts from the same ones.
        random.manual_seed(spec.Seed).Dispose();
        using var network = NetworkBuilder.Build(outline);
        network.to(device);
        // The training step has its own way through the network; the module itself only evaluates.
        network.eval();
        var (train, heldBack) = HeldBack.From(data.Train, spec.Validation);
        var style = ProgramStyle.For(device.type, spec, train.Images.Pixels.LongLength);
        using var trainingStep = new TrainingStep(spec, outline, network, style);
        using var trainImages = DeviceImages.MoveTo(device, train, style.Images);
        var evaluationBatch = Evaluator.BatchSizeFor(outline, device.type);
        using var test = new Evaluator(network, data.Test, device, evaluationBatch, events.Beat);
        using var validation = heldBack is null ? null : new Evaluator(network, heldBack, device, evaluationBatch, events.Beat);

        var conditions = new TrainingConditions(start.Device, deviceInfo.Name, threads, data.Sha256, start.AppVersion);
        var checkpoints = new CheckpointWriter(start, conditions, network, trainingStep);
        var room = new RoomOnDisk(events, log, mustStop);
        if (saved is not null)
        {
            saved.Restore(network, trainingStep);
            LogResume(saved, conditions);
        }
        else if (start.Fork is { } fork)
        {
            log($"info: Starting from the weights of {fork.CheckpointFile}; {Fork.Give(start.ScratchFolder, fork, spec.Optimizer, network, trainingStep)}");
        }

        var stepsPerEpoch = EpochBatches.StepsFor(train.Count, spec.BatchSize);
        events.Send(new TrainingStarted(deviceInfo, TrainingConditions.TorchVersion, threads,
            network.parameters().Sum(parameter => parameter.NumberOfElements), train.Count, data.Test.Count, stepsPerEpoch)
        {
            ValidationSamples = heldBack?.Count ?? 0,
            DatasetSha256 = data.Sha256,
        });

        var done = saved?.Epoch ?? 0;
        var history = saved?.History ?? new EpochHistory(BestMetrics.Of(spec), [], []);
        var tally = saved?.Tally ?? new EpochTally();
        var seconds = start.Resume?.SecondsBefore ?? 0;
        // A run that was killed between its last checkpoint and its last word ends for the reason that it would have given.
        var reason = EarlyEnd.AfterEpoch(spec.StopRules, done, history, seconds);
        Evaluation? untold = null;
        var hasEvaluated = false;

        while (done < spec.Epochs && reason is null)
        {
            var interruption = TrainEpoch(done + 1, trainImages, trainingStep, tally, seconds);
            // All steps of an epoch without its evaluation are a place like any other: whoever goes on from there evaluates first.
            Evaluation? tested, validated;
            using (hasEvaluated ? null : new TimedBeat(events.Beat))
            {
                tested = interruption is null ? test.Run(mustStop) : null;
                validated = tested is null ? null : validation?.Run(mustStop);
            }

            hasEvaluated = true;
            if (interruption is null && (tested is null || (validation is not null && validated is null)))
                interruption = new TrainingStopped();
            if (interruption is not null)
            {
                if (untold is not null)
                    events.Send(untold.Tell(done, data.Classes));
                SaveUnlessThereIsNoRoom(room, () => checkpoints.SavePause(done, tally, history));
                events.Send(interruption);
                return;
            }

            done++;
            seconds += tally.Seconds;
            log(string.Create(CultureInfo.InvariantCulture, $"info: Epoch {done}, Loss: {tally.MeanLoss}"));

            RequireNumber(tested!.Loss, "test", done);
            RequireNumber(validated?.Loss ?? 0, "validation", done);

            var epoch = new EpochFinished(done, tally.MeanLoss, tested.Loss, tested.Accuracy, tally.Seconds)
            {
                TrainAccuracy = (double)tally.Correct / train.Count,
                ValidationLoss = validated?.Loss,
                ValidationAccuracy = validated?.Accuracy,
            };
            history.Add(epoch);
            reason = EarlyEnd.AfterEpoch(spec.StopRules, done, history, seconds);
            epoch = epoch with { Best = history.Best is { Ago: 0 } };
            events.Send(epoch);

            // The images that the network gets wrong are told of the best epoch and of the last, which is known only when the next is interrupted.
            untold = tested;
            if (epoch.Best || reason is not null || done == spec.Epochs)
            {
                events.Send(untold.Tell(done, data.Classes));
                untold = null;
            }

            if (!SaveUnlessThereIsNoRoom(room, () => checkpoints.SaveEpoch(epoch, history)))
            {
                events.Send(new TrainingStopped());
                return;
            }

            tally = new EpochTally();
        }

        events.Send(new TrainingFinished(reason));
    }

    /// <returns>false where the training must stop and there was no room for the file.</returns>
    private bool SaveUnlessThereIsNoRoom(RoomOnDisk room, Func<TrainerEvent> save)
    {
        if (room.Until(save) is { } saved)
        {
            events.Send(saved);
            return true;
        }

        log("warn: There was no room to save where the training is; it goes on from the last place that was saved.");
        return false;
    }

    /// <summary>Trains what is not yet done of an epoch.</summary>
    /// <param name="secondsBefore">Of the epochs before.</param>
    /// <returns>null when the epoch is done; otherwise the last word of a training that ends within it.</returns>
    private TrainerEvent? TrainEpoch(int epoch, DeviceImages trainImages, TrainingStep trainingStep, EpochTally tally, double secondsBefore)
    {
        var clock = Stopwatch.StartNew();
        var (earlier, held) = (tally.Seconds, events.Held);
        _progress.BeginEpoch();
        DataOrder.Fill(_order, start.Spec.Seed, epoch);
        using var batches = new EpochBatches(trainImages, _order, epoch, start.Spec.BatchSize);
        TrainerEvent? interruption = null;
        while (tally.Steps < batches.Steps && interruption is null)
        {
            if (mustStop())
                interruption = new TrainingStopped();
            else if (EarlyEnd.OutOfTime(start.Spec.StopRules, secondsBefore + tally.Seconds) is { } reason)
                interruption = new TrainingFinished(reason);
            else
                TrainBlock(batches, trainingStep, tally);
            tally.Seconds = earlier + (clock.Elapsed - (events.Held - held)).TotalSeconds;
        }

        _progress.Tell(epoch, StepsOfRun(batches, tally));
        return interruption;
    }

    private void TrainBlock(EpochBatches batches, TrainingStep trainingStep, EpochTally tally)
    {
        var (first, count) = (tally.Steps, Math.Min(_block.Steps, batches.Steps - tally.Steps));
        var clock = Stopwatch.StartNew();
        trainingStep.TakeBlock(batches, first, count);
        var results = trainingStep.ReadBack();
        _firstStepsAreDone();
        _block.Took(count, clock.Elapsed);

        var notFinite = Array.FindIndex(results.Losses, loss => !float.IsFinite(loss));
        var good = results.First(notFinite < 0 ? count : notFinite);
        tally.Add(good);
        _progress.Add(good, batches.ImagesBefore(first + good.Count) - batches.ImagesBefore(first));
        if (notFinite >= 0)
        {
            _progress.Tell(batches.Epoch, StepsOfRun(batches, tally));
            throw NotANumber($"The training loss is not a finite number in epoch {batches.Epoch} at step {first + notFinite + 1}.");
        }

        if (_progress.IsDue)
            _progress.Tell(batches.Epoch, StepsOfRun(batches, tally));
    }

    private static long StepsOfRun(EpochBatches batches, EpochTally tally) => ((long)(batches.Epoch - 1) * batches.Steps) + tally.Steps;

    private void LogResume(SavedTraining saved, TrainingConditions now)
    {
        var place = saved.Tally.Steps == 0 ? $"epoch {saved.Epoch}" : $"step {saved.Tally.Steps} of epoch {saved.Epoch + 1}";
        log($"info: Resuming after {place} from {start.Resume!.CheckpointFile}");
        if (now.Device != DeviceRequest.Cpu && !start.Spec.Deterministic)
            log("info: On a GPU the weights can differ in their last bits from those of an uninterrupted run; 'deterministic' in the spec is "
                + "for that.");
        if (!now.AddUpAs(saved.Device, saved.DeviceName, saved.Threads, saved.TorchVersion))
        {
            log($"warn: The weights will not be bit-identical to those of an uninterrupted run: up to {place} it was {Named(saved.Device, saved.DeviceName)}, " +
                $"torch {saved.TorchVersion}, threads: {saved.Threads}; now it is {Named(now.Device, now.DeviceName)}, torch {TrainingConditions.TorchVersion}, threads: {now.Threads}.");
        }

        static string Named(string device, string? name) => name is null ? device : $"{device} ({name})";
    }

    private static void RequireNumber(double loss, string set, int epoch)
    {
        if (!double.IsFinite(loss))
            throw NotANumber($"The {set} loss is not a finite number after epoch {epoch}.");
    }

    private static TrainingFailure NotANumber(string reason) =>
        new($"{reason} The weights have grown out of range.", "Try a lower learning rate or a lower momentum.");
}
