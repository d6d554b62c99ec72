using System.Security.Cryptography;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Checkpoints;
using TorchSharp;

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
        var events = TinyData.Train(TinyData.Start(_folder.Path, new TrainingSpec { Epochs = 1_000 }), stop: stop.Token, onEvent: told =>
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
        var spec = new TrainingSpec { Epochs = 200, Model = new ModelSpec { Kind = ModelCatalog.SmallCnn }, Optimizer = new OptimizerSpec { LearningRate = 100, Momentum = 0.99 } };

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
            Epochs = 2, BatchSize = 100, Model = new ModelSpec { Kind = ModelCatalog.SmallCnn }, Optimizer = new OptimizerSpec { LearningRate = 100, Momentum = 0.99 },
        };
        var told = new List<TrainerEvent>();

        var failure = Assert.Throws<TrainingFailure>(() => TinyData.Train(TinyData.Start(_folder.Path, spec), TinyData.Create(train: 300), onEvent: told.Add));

        Assert.Equal("The test loss is not a finite number after epoch 1. The weights have grown out of range.", failure.Message);
        Assert.Contains("lower learning rate", failure.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(told, happened => happened is EpochFinished or CheckpointSaved);
        Assert.Empty(Directory.GetFiles(_folder.Path));
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
        Assert.Equal(("pt", "3", "1", "1.2.3"), (content.Metadata["format"], content.Metadata["attempt"], content.Metadata["epoch"], content.Metadata["appVersion"]));
    }

    [Fact]
    public void Run_CheckpointFolderMissing_FailsWithTheFolder()
    {
        var failure = Assert.Throws<TrainingFailure>(() => TinyData.Train(TinyData.Start(_folder["nowhere"])));

        Assert.Contains(_folder["nowhere"], failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_StateFile_HoldsTheMomentumAndWhatTheNumbersDependOn()
    {
        var spec = new TrainingSpec { Epochs = 1 };
        var saved = Assert.Single(TinyData.Train(TinyData.Start(_folder.Path, spec, attempt: 3)).Of<CheckpointSaved>());

        var state = saved.State!;
        Assert.Equal("attempt-3-epoch-1.state.safetensors", state.FileName);
        var bytes = File.ReadAllBytes(_folder[state.FileName]);
        Assert.Equal((bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))), (state.Size, state.Sha256));
        var content = SavedTensors.Read(_folder[state.FileName]);
        Assert.Equal(
            ["history.metric F64 [1]", "history.trainLoss F64 [1]", "momentum.fc.weight F32 [10, 784]", "momentum.fc.bias F32 [10]"],
            content.Tensors.Select(tensor => $"{tensor.Name} {tensor.Dtype} [{string.Join(", ", tensor.Shape)}]"));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["format"] = "experimenthub-state", ["version"] = "2", ["spec"] = ProtocolJson.Write(spec), ["seed"] = "1", ["runId"] = new string('a', 32),
                ["attempt"] = "3", ["epoch"] = "1", ["device"] = "cpu", ["deviceName"] = "test", ["threads"] = "1", ["datasetSha256"] = TinyData.Sha256,
                ["torchVersion"] = torch.__version__, ["torchSharpVersion"] = "0.107.0", ["dotnetVersion"] = Environment.Version.ToString(),
                ["appVersion"] = "1.2.3",
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

    [Fact]
    public void Run_LeftoversOfAKilledAttempt_AreRemovedAndNothingElseIs()
    {
        string[] leftovers = ["attempt-1-epoch-2.safetensors.writing", "attempt-1-epoch-2.state.safetensors.writing"];
        string[] others = ["notes.writing", ".writing", "attempt-1-epoch-1.safetensors.writing.bak", "attempt-1-epoch-1.safetensors"];
        foreach (var name in leftovers.Concat(others))
            File.WriteAllText(_folder[name], name);

        TinyData.Train(TinyData.Start(_folder.Path, attempt: 2));

        Assert.All(leftovers, name => Assert.False(File.Exists(_folder[name]), name));
        Assert.All(others, name => Assert.Equal(name, File.ReadAllText(_folder[name])));
    }
}
