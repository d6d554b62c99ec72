using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Tests.Checkpoints;

/// <summary>A run that starts from another run's checkpoint.</summary>
[Collection(nameof(Torch))]
public sealed class ForkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RecordedEvents _origin;

    public ForkTests() => _origin = TinyData.Train(TinyData.Start(Folder("origin"), new TrainingSpec { Epochs = 2 }));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_Forked_StartsFromTheWeightsAndCountsItsOwnEpochs()
    {
        var log = new List<string>();

        var forked = TinyData.Train(Fork(new TrainingSpec { Epochs = 2, BatchSize = 20 }), log: log);

        Assert.Equal([1, 2], forked.Of<EpochFinished>().Select(epoch => epoch.Epoch));
        var (before, after) = (_origin.Of<EpochFinished>().Last(), forked.Of<EpochFinished>().First());
        Assert.True(after.TrainLoss < before.TrainLoss, $"{after.TrainLoss} is not less than the {before.TrainLoss} before");
        Assert.Contains(log, line => line.EndsWith("; the optimizer goes on", StringComparison.Ordinal));
    }

    [Fact]
    public void Run_ForkedWithTheOptimizersState_TakesTheNextStepAsTheOriginWould()
    {
        // The origin's third epoch sees the images in another order than a fork's first: with one batch for all the order does not matter much, and
        // the momentum decides where the step goes.
        var spec = new TrainingSpec { Epochs = 3, BatchSize = 200 };
        TinyData.Train(TinyData.Start(Folder("origin"), spec with { Epochs = 2 }));
        var on = TinyData.Train(TinyData.Start(Folder("longer"), spec));

        var withState = TinyData.Train(Fork(spec with { Epochs = 1 }));
        var withoutState = TinyData.Train(Fork(spec with { Epochs = 1 }, withState: false));

        var expected = on.Of<EpochFinished>().Last().TestLoss;
        Assert.Equal(expected, withState.Of<EpochFinished>().Single().TestLoss, 1e-5);
        Assert.NotEqual(expected, withoutState.Of<EpochFinished>().Single().TestLoss, 1e-2);
    }

    [Theory]
    [InlineData("momentum.fc.bias", "the optimizer starts anew: the tensor 'momentum.fc.bias' is missing")]
    [InlineData(null, "the optimizer starts anew, because it was adam there")]
    public void Run_OptimizerOfAnotherKindOrMemory_StartsAnew(string? missing, string words)
    {
        var log = new List<string>();
        var state = Path.Combine(_folder["origin"], CheckpointName.StateFor(1, 2));
        if (missing is null)
            SavedTensors.EditMetadata(state, "spec",
                ProtocolJson.Write(new TrainingSpec { Optimizer = new OptimizerSpec { Kind = OptimizerSpec.Adam } }));
        SavedTensors.EditTensors(state, tensors => tensors.Where(tensor => tensor.Name != missing));

        TinyData.Train(Fork(new TrainingSpec { Epochs = 1 }), log: log);

        Assert.Contains(log, line => line.EndsWith(words, StringComparison.Ordinal));
    }

    [Fact]
    public void Run_AnotherNetwork_IsRefusedWithTheTensor()
    {
        var failure = Assert.Throws<TrainingFailure>(() =>
            TinyData.Train(Fork(new TrainingSpec { Model = new ModelSpec { Kind = ModelCatalog.SmallCnn } })));

        Assert.Equal("The run cannot start from origin-epoch-2.safetensors: the tensor 'conv1.weight' is missing.", failure.Message);
        Assert.Contains("model of the run that it starts from", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TensorOfAnotherShape_IsRefusedWithBothShapes()
    {
        SavedTensors.EditTensors(Path.Combine(_folder["origin"], CheckpointName.For(1, 2)),
            tensors => tensors.Select(tensor => tensor.Name == "fc.bias" ? tensor with { Shape = [11], Data = new byte[44] } : tensor));

        var failure = Assert.Throws<TrainingFailure>(() => TinyData.Train(Fork(new TrainingSpec())));

        Assert.Equal("The run cannot start from origin-epoch-2.safetensors: the tensor 'fc.bias' is F32 [11] there, but F32 [10] in this run.",
            failure.Message);
    }

    [Fact]
    public void Run_LaterAttempt_GoesOnFromItsOwnCheckpoint()
    {
        var start = Fork(new TrainingSpec { Epochs = 2 });
        var whole = TinyData.Train(start);
        var first = whole.Of<CheckpointSaved>().First();

        var resumed = TinyData.Train(start with { Attempt = 2, Resume = HubsMemory.After(first, start.Spec, whole.All) });

        Assert.Equal(whole.Of<CheckpointSaved>().Last().WeightsSha256, resumed.Of<CheckpointSaved>().Single().WeightsSha256);
    }

    /// <summary>Lays the files of the origin into the scratch folder of the fork, as the hub does.</summary>
    private StartTraining Fork(TrainingSpec spec, bool withState = true)
    {
        var scratch = Folder("fork");
        var from = new ForkPoint(CheckpointName.ForOrigin(2), withState ? CheckpointName.StateForOrigin(2) : null);
        File.Copy(Path.Combine(_folder["origin"], CheckpointName.For(1, 2)), Path.Combine(scratch, from.CheckpointFile), overwrite: true);
        if (from.StateFile is { } state)
            File.Copy(Path.Combine(_folder["origin"], CheckpointName.StateFor(1, 2)), Path.Combine(scratch, state), overwrite: true);
        return TinyData.Start(scratch, spec) with { RunId = new string('b', 32), Fork = from };
    }

    private string Folder(string name) => Directory.CreateDirectory(_folder[name]).FullName;
}
