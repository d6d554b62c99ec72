using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Checkpoints;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Epochs;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer.Tests;

[Collection(nameof(Torch))]
public sealed class TrainingLoopTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_TwoEpochs_TellsEverythingInOrder()
    {
        var log = new List<string>();
        var events = TinyData.Train(TinyData.Start(_folder.Path), log: log);

        var told = events.All.Where(told => told is not (TrainingProgress or Heartbeat)).Select(told => told.GetType());
        Assert.Equal(
            [
                typeof(TrainingStarted), typeof(EpochFinished), typeof(EpochEvaluated), typeof(CheckpointSaved),
                typeof(EpochFinished), typeof(EpochEvaluated), typeof(CheckpointSaved), typeof(TrainingFinished),
            ],
            told);
        var started = Assert.Single(events.Of<TrainingStarted>());
        Assert.Equal((7_850, 200, 50, 7, 1), (started.Parameters, started.TrainSamples, started.TestSamples, started.StepsPerEpoch, started.Threads));
        Assert.Equal([1, 2], events.Of<EpochFinished>().Select(epoch => epoch.Epoch));
        Assert.All(events.Of<EpochFinished>(), epoch => Assert.Contains($"info: Epoch {epoch.Epoch}, Loss: {epoch.TrainLoss:R}", log));
    }

    [Fact]
    public void Run_EasyData_LossFallsAndTestImagesAreRecognised()
    {
        var events = TinyData.Train(TinyData.Start(_folder.Path, new TrainingSpec { Epochs = 6 }));

        var epochs = events.Of<EpochFinished>().ToList();
        Assert.True(epochs[^1].TrainLoss < epochs[0].TrainLoss / 4, $"{epochs[0].TrainLoss} fell only to {epochs[^1].TrainLoss}");
        Assert.True(epochs[^1].TestLoss < epochs[0].TestLoss);
        Assert.Equal(1, epochs[^1].TestAccuracy);
    }

    [Fact]
    public void Run_SameSpecAndSeed_GivesIdenticalFiles()
    {
        string[] Hashes(long seed, string folder) => [.. TinyData.Train(TinyData.Start(Directory.CreateDirectory(_folder[folder]).FullName,
            new TrainingSpec { Epochs = 2, Seed = seed })).Of<CheckpointSaved>().Select(saved => saved.Sha256)];

        var first = Hashes(7, "a");

        Assert.Equal(first, Hashes(7, "b"));
        Assert.NotEqual(first, Hashes(8, "c"));
    }

    [Fact]
    public void Run_StopInSecondEpoch_KeepsTheFirstCheckpointAndSaysStopped()
    {
        using var stop = new CancellationTokenSource();
        var events = TinyData.Train(TinyData.Start(_folder.Path, new TrainingSpec { Epochs = 1_000 }), mustStop: () => stop.IsCancellationRequested,
            onEvent: told =>
        {
            if (told is CheckpointSaved)
                stop.Cancel();
        });

        Assert.IsType<TrainingStopped>(events.All[^1]);
        var saved = Assert.Single(events.Of<CheckpointSaved>());
        Assert.Equal(saved.Size, new FileInfo(_folder[saved.FileName]).Length);
    }

    [Fact]
    public void Run_LossLeavesTheNumbers_FailsWithAdvice()
    {
        // At the highest rate the scores overflow within the first few steps.
        var spec = new TrainingSpec
        {
            Epochs = 200, Model = new ModelSpec { Kind = ModelCatalog.SmallCnn },
            Optimizer = new OptimizerSpec { LearningRate = 100, Momentum = 0.99 }
        };

        var failure = Assert.Throws<TrainingFailure>(() => TinyData.Train(TinyData.Start(_folder.Path, spec)));

        Assert.Contains("The training loss is not a finite number in epoch 1 at step", failure.Message, StringComparison.Ordinal);
        Assert.Contains("lower learning rate", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_OnlyTheTestLossLeavesTheNumbers_FailsWithAdviceAndSavesNothing()
    {
        // At the highest rate three steps have finite losses, the last about 1e16; its update takes the weights out of range.
        var spec = new TrainingSpec
        {
            Epochs = 2, BatchSize = 100, Model = new ModelSpec { Kind = ModelCatalog.SmallCnn },
            Optimizer = new OptimizerSpec { LearningRate = 100, Momentum = 0.99 },
        };
        var told = new List<TrainerEvent>();

        var failure = Assert.Throws<TrainingFailure>(() =>
            TinyData.Train(TinyData.Start(_folder.Path, spec), TinyData.Create(train: 300), onEvent: told.Add));

        Assert.Equal("The test loss is not a finite number after epoch 1. The weights have grown out of range.", failure.Message);
        Assert.Contains("lower learning rate", failure.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(told, happened => happened is EpochFinished or CheckpointSaved);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Run_OnlyTheValidationLossLeavesTheNumbers_FailsWithAdvice()
    {
        // One pixel is bright in the images that are held back alone, and the weights of the run that this one starts from are as large as numbers
        // get there.
        var split = new ValidationSplit { Samples = 20 };
        var data = TinyData.Create(train: 100);
        foreach (var images in new[] { data.Train, data.Test })
        {
            for (var i = 0; i < images.Count; i++)
                images.Images.Pixels.AsSpan(i * 784, 2).Fill(127);
        }

        var held = DataOrder.Of(split.Seed, epoch: 0, data.Train.Count).Take(split.Samples);
        foreach (var image in held)
            data.Train.Images.Pixels.AsSpan((int)image * 784, 2).Fill(255);
        TinyData.Train(TinyData.Start(_folder.Path, new TrainingSpec { Epochs = 1 }), data);
        SavedTensors.EditTensors(_folder["attempt-1-epoch-1.safetensors"], tensors => tensors.Select(tensor =>
        {
            if (tensor.Name != "fc.weight")
                return tensor;
            var weights = MemoryMarshal.Cast<byte, float>(tensor.Data.Span).ToArray();
            weights.AsSpan(0, 2).Fill(3e38f);
            return tensor with { Data = MemoryMarshal.AsBytes<float>(weights).ToArray() };
        }));
        var spec = new TrainingSpec { Epochs = 1, Validation = split, Optimizer = new OptimizerSpec { LearningRate = 1e-30 } };
        var told = new List<TrainerEvent>();

        var failure = Assert.Throws<TrainingFailure>(() => TinyData.Train(
            TinyData.Start(_folder.Path, spec, attempt: 2) with { Fork = new ForkPoint("attempt-1-epoch-1.safetensors", null) }, data,
            onEvent: told.Add));

        Assert.Equal("The validation loss is not a finite number after epoch 1. The weights have grown out of range.", failure.Message);
        Assert.DoesNotContain(told, happened => happened is EpochFinished or CheckpointSaved);
    }

    [Fact]
    public void Run_Validation_TellsHowManyAreTrainedOnAndWhatTheDataIs()
    {
        var events = TinyData.Train(TinyData.Start(_folder.Path, new TrainingSpec { Epochs = 1, Validation = new ValidationSplit { Samples = 50 } }));

        var started = Assert.Single(events.Of<TrainingStarted>());
        Assert.Equal((150, 50, 5, TinyData.Sha256), (started.TrainSamples, started.ValidationSamples, started.StepsPerEpoch, started.DatasetSha256));
    }

    [Fact]
    public void Run_TrainAccuracy_CountsTheImagesThatWereRightWhenTheirStepCame()
    {
        // One step for the whole set: what it sees are the first weights, and the second epoch's those after one step.
        var spec = new TrainingSpec { Epochs = 2, BatchSize = 200 };
        var data = TinyData.Create();
        var events = TinyData.Train(TinyData.Start(_folder.Path, spec), data with { Test = data.Train });

        Assert.Equal(events.Of<EpochFinished>().First().TestAccuracy, events.Of<EpochFinished>().Last().TrainAccuracy);
    }

    [Fact]
    public void Run_Best_IsTheFirstOfEqualEpochs()
    {
        var epochs = TinyData.Train(TinyData.Start(_folder.Path, new TrainingSpec { Epochs = 6 })).Of<EpochFinished>().ToList();

        var best = epochs.MaxBy(epoch => epoch.TestAccuracy)!;
        Assert.Equal(1, best.TestAccuracy);
        Assert.True(best.Best);
        Assert.All(epochs.Where(epoch => epoch.Epoch > best.Epoch), epoch => Assert.False(epoch.Best));
    }

    [Fact]
    public void Run_Checkpoint_SaysHowGoodItIsAndWhatItsNumbersDependOn()
    {
        var events = TinyData.Train(TinyData.Start(_folder.Path, new TrainingSpec { Epochs = 1, Validation = new ValidationSplit { Samples = 50 } }));

        var (epoch, saved) = (events.Of<EpochFinished>().Single(), events.Of<CheckpointSaved>().Single());
        var content = SavedTensors.Read(_folder[saved.FileName]);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["testLoss"] = $"{epoch.TestLoss:R}", ["testAccuracy"] = $"{epoch.TestAccuracy:R}", ["trainLoss"] = $"{epoch.TrainLoss:R}",
                ["trainAccuracy"] = $"{epoch.TrainAccuracy:R}", ["validationLoss"] = $"{epoch.ValidationLoss:R}",
                ["validationAccuracy"] = $"{epoch.ValidationAccuracy:R}", ["bestBy"] = "validation_accuracy", ["bestEpoch"] = "1",
                ["bestValue"] = $"{epoch.ValidationAccuracy:R}", ["deviceName"] = "test", ["threads"] = "1", ["datasetSha256"] = TinyData.Sha256,
            },
            content.Metadata.Where(entry => entry.Key is not ("format" or "spec" or "seed" or "runId" or "attempt" or "epoch" or "device")
                && !entry.Key.EndsWith("Version", StringComparison.Ordinal)).ToDictionary());
        Assert.Equal(WeightsHash.Of(content.Tensors), saved.WeightsSha256);
    }

    [Fact]
    public void Run_Checkpoint_HoldsPyTorchNamesShapesAndTheSpec()
    {
        var spec = new TrainingSpec { Epochs = 1, Model = new ModelSpec { Kind = ModelCatalog.SmallCnn } };
        var events = TinyData.Train(TinyData.Start(_folder.Path, spec, attempt: 3));

        var saved = Assert.Single(events.Of<CheckpointSaved>());
        Assert.Equal("attempt-3-epoch-1.safetensors", saved.FileName);
        using var file = File.OpenRead(_folder[saved.FileName]);
        var content = SafetensorsFile.Read(file);
        Assert.Equal(
            ["conv1.weight [24, 1, 5, 5]", "conv1.bias [24]", "conv2.weight [32, 24, 3, 3]", "conv2.bias [32]",
                "fc1.weight [256, 800]", "fc1.bias [256]", "fc2.weight [10, 256]", "fc2.bias [10]"],
            content.Tensors.Select(tensor => $"{tensor.Name} [{string.Join(", ", tensor.Shape)}]"));
        Assert.Equal(spec, ProtocolJson.Read<TrainingSpec>(content.Metadata["spec"]));
        Assert.Equal(("pt", "3", "1", "1.2.3"),
            (content.Metadata["format"], content.Metadata["attempt"], content.Metadata["epoch"], content.Metadata["appVersion"]));
    }

    [Fact]
    public void Run_ScratchFolderMissing_FailsWithTheFolder()
    {
        var failure = Assert.Throws<TrainingFailure>(() => TinyData.Train(TinyData.Start(_folder["nowhere"])));

        Assert.Contains(_folder["nowhere"], failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_StateFile_HoldsTheMomentumAndWhatTheNumbersDependOn()
    {
        var spec = new TrainingSpec { Epochs = 1 };
        var told = TinyData.Train(TinyData.Start(_folder.Path, spec, attempt: 3));
        var (saved, epoch) = (Assert.Single(told.Of<CheckpointSaved>()), Assert.Single(told.Of<EpochFinished>()));

        var state = saved.State!;
        Assert.Equal("attempt-3-epoch-1.state.safetensors", state.FileName);
        var bytes = File.ReadAllBytes(_folder[state.FileName]);
        Assert.Equal((bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))), (state.Size, state.Sha256));
        var content = SavedTensors.Read(_folder[state.FileName]);
        Assert.Equal(
            ["momentum.fc.weight F32 [10, 784]", "momentum.fc.bias F32 [10]"],
            content.Tensors.Select(tensor => $"{tensor.Name} {tensor.Dtype} [{string.Join(", ", tensor.Shape)}]"));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["format"] = "experimenthub-state", ["version"] = "3", ["spec"] = ProtocolJson.Write(spec), ["seed"] = "1",
                ["runId"] = new string('a', 32),
                ["attempt"] = "3", ["epoch"] = "1", ["device"] = "cpu", ["deviceName"] = "test", ["threads"] = "1",
                ["datasetSha256"] = TinyData.Sha256,
                ["torchVersion"] = LibTorch.Version, ["torchSharpVersion"] = "0.107.0", ["dotnetVersion"] = Environment.Version.ToString(),
                ["appVersion"] = "1.2.3", ["history.metric"] = "1", ["history.trainLoss"] = "1",
                ["history.sha256"] = new EpochHistory(BestMetrics.TestAccuracy, [epoch.TestAccuracy], [epoch.TrainLoss]).Sha256,
            },
            content.Metadata);
    }

    [Fact]
    public void Run_WeightsCannotBeWritten_NothingOfTheEpochIsReportedOrLeft()
    {
        // The state is written first; a folder in the place of the weights makes their rename fail.
        Directory.CreateDirectory(_folder["attempt-1-epoch-1.safetensors"]);
        var told = new List<TrainerEvent>();

        var failure = Assert.Throws<TrainingFailure>(() => TinyData.Train(TinyData.Start(_folder.Path), onEvent: told.Add));

        Assert.Contains("cannot be written to", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(told, happened => happened is CheckpointSaved);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }
}
