using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Checkpoints;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests;

/// <summary>A resumed training ends with the same bits as one that was never interrupted.</summary>
[Collection(nameof(Torch))]
public sealed class ResumeTests : IDisposable
{
    private const int Epochs = 4;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ModelCatalog.SimpleNn)]
    [InlineData(ModelCatalog.SmallCnn)]
    public void Run_ResumedAfterAnyEpoch_EndsAsTheUninterruptedRun(string kind)
    {
        var spec = new TrainingSpec { Epochs = Epochs, Model = new ModelSpec { Kind = kind } };
        var whole = Train(TinyData.Start(Folder("whole"), spec));
        var expected = Numbers(whole);
        var final = FinalHashes("whole", whole);

        for (var last = 1; last < Epochs; last++)
        {
            var name = $"after-{last}";
            var first = Train(TinyData.Start(Folder(name), spec), stopAfter: last);
            DisturbTorch();
            var second = Train(Resume(TinyData.Start(_folder[name], spec, attempt: 2), first));

            Assert.Equal(expected, [.. Numbers(first), .. Numbers(second)]);
            Assert.Equal(final, FinalHashes(name, second));
        }
    }

    [Fact]
    public void Run_ResumedWithMoreEpochs_EndsAsTheLongRun()
    {
        var whole = Train(TinyData.Start(Folder("whole"), new TrainingSpec { Epochs = Epochs }));

        var first = Train(TinyData.Start(Folder("longer"), new TrainingSpec { Epochs = 2 }));
        DisturbTorch();
        var second = Train(Resume(TinyData.Start(_folder["longer"], new TrainingSpec { Epochs = Epochs }, attempt: 2), first));

        Assert.Equal(FinalHashes("whole", whole), FinalHashes("longer", second));
    }

    [Fact]
    public void Run_ResumedFromTheStateOfAnEarlierVersion_EndsAsTheUninterruptedRun()
    {
        var whole = Train(TinyData.Start(Folder("whole"), new TrainingSpec { Epochs = Epochs }));
        var first = Train(TinyData.Start(Folder("old"), new TrainingSpec { Epochs = 2 }));
        MakeVersion1(first.Of<CheckpointSaved>().Last());

        var second = Train(Resume(TinyData.Start(_folder["old"], new TrainingSpec { Epochs = Epochs }, attempt: 2), first));

        Assert.Equal(FinalHashes("whole", whole).Weights, FinalHashes("old", second).Weights);
        // Of the epochs before it knows only the accuracy of the one that it goes on from, and that was perfect already.
        Assert.Equal(1, first.Of<EpochFinished>().Last().TestAccuracy);
        Assert.All(second.Of<EpochFinished>(), epoch => Assert.False(epoch.Best));
    }

    [Theory]
    [InlineData("""{"patience":2}""")]
    [InlineData("""{"patience":3,"minDelta":0.02}""")]
    [InlineData("""{"plateauEpochs":2}""")]
    [InlineData("""{"divergenceFactor":1.02}""")]
    public void Run_EndedByARule_EndsTheSameWhereverItIsResumed(string rules)
    {
        // Half of the labels are wrong and the steps are large: the losses jump about.
        var data = TinyData.Create(train: 200, test: 200);
        for (var i = 0; i < data.Train.Count; i += 2)
            data.Train.Labels[i] = (byte)(i % 10);
        var spec = new TrainingSpec
        {
            Epochs = 60, BestBy = BestMetrics.TestLoss, Optimizer = new OptimizerSpec { LearningRate = 0.03 },
            StopRules = ProtocolJson.Read<StopRules>(rules),
        };
        var whole = TinyData.Train(TinyData.Start(Folder("whole"), spec), data);
        var reason = Assert.IsType<TrainingFinished>(whole.All[^1]).Reason;
        Assert.NotNull(reason);
        var last = whole.Of<EpochFinished>().Last();
        Assert.Equal(last.Epoch, whole.Of<EpochEvaluated>().Last().Epoch);

        // After the very last one as well: the last word may have been lost.
        foreach (var saved in whole.Of<CheckpointSaved>())
        {
            var resume = HubsMemory.After(saved, spec, whole.All);
            var resumed = TinyData.Train(TinyData.Start(_folder["whole"], spec, attempt: saved.Epoch + 1) with { Resume = resume }, data);

            Assert.Equal(reason, Assert.IsType<TrainingFinished>(resumed.All[^1]).Reason);
            Assert.Equal(whole.Of<EpochFinished>().Skip(saved.Epoch).Select(epoch => epoch with { Seconds = 0 }), Numbers(resumed));
        }
    }

    [Fact]
    public void Run_ResumedWithOtherRules_IsJudgedByThem()
    {
        var first = Train(TinyData.Start(_folder.Path, new TrainingSpec { Epochs = 2 }));
        var spec = new TrainingSpec { Epochs = 10, StopRules = new StopRules { Patience = 2 }, Checkpoints = new CheckpointPolicy { Every = 2 } };

        var second = Train(Resume(TinyData.Start(_folder.Path, spec, attempt: 2), first));

        Assert.Contains("did not get better in the 2 epochs", second.Of<TrainingFinished>().Single().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ResumedAfterTheLastEpoch_HasNothingToDo()
    {
        var log = new List<string>();
        var start = TinyData.Start(_folder.Path);
        var first = TinyData.Train(start);

        var second = TinyData.Train(Resume(start with { Attempt = 2 }, first), log: log);

        Assert.Equal([typeof(TrainingStarted), typeof(TrainingFinished)], second.All.Select(told => told.GetType()));
        Assert.Equal(["info: Resuming after epoch 2 from attempt-1-epoch-2.safetensors"], log);
    }

    [Theory]
    [InlineData("device", "cuda:0")]
    [InlineData("deviceName", "Another CPU")]
    [InlineData("torchVersion", "1.0.0")]
    [InlineData("threads", "1000000")]
    public void Run_ResumedUnderOtherConditions_WarnsThatTheBitsMayDiffer(string condition, string before)
    {
        var log = new List<string>();
        var start = TinyData.Start(_folder.Path);
        var first = TinyData.Train(start);
        SavedTensors.EditMetadata(_folder[first.Of<CheckpointSaved>().Last().State!.FileName], condition, before);

        TinyData.Train(Resume(start with { Attempt = 2 }, first), log: log);

        Assert.Contains(log, line => line.StartsWith("warn: The weights will not be bit-identical", StringComparison.Ordinal)
            && line.Contains(before, StringComparison.Ordinal));
    }

    [Fact]
    public void Run_ResumedAfterManyThreads_KeepsTheirNumber()
    {
        var start = TinyData.Start(_folder.Path);
        var first = TinyData.Train(start);
        var cores = Environment.ProcessorCount;
        SavedTensors.EditMetadata(_folder[first.Of<CheckpointSaved>().Last().State!.FileName], "threads", $"{cores}");

        var second = TinyData.Train(Resume(start with { Attempt = 2 }, first));

        Assert.Equal(1, first.Of<TrainingStarted>().Single().Threads);
        Assert.Equal(cores, second.Of<TrainingStarted>().Single().Threads);
    }

    /// <summary>Trains while something draws from torch's generator in every epoch, as a layer with dropout would.</summary>
    private static RecordedEvents Train(StartTraining start, int? stopAfter = null)
    {
        using var stop = new CancellationTokenSource();
        return TinyData.Train(start, mustStop: () => stop.IsCancellationRequested, onEvent: told =>
        {
            if (told is EpochFinished)
                rand(3).Dispose();
            if (told is CheckpointSaved saved && saved.Epoch == stopAfter)
                stop.Cancel();
        });
    }

    private static StartTraining Resume(StartTraining start, RecordedEvents earlier)
    {
        var last = earlier.Of<CheckpointSaved>().Last();
        return start with { Resume = HubsMemory.After(last, start.Spec, earlier.All) };
    }

    /// <summary>Both files as the version before the evaluations wrote them.</summary>
    private void MakeVersion1(CheckpointSaved saved)
    {
        var (weights, state) = (Path.Combine(_folder["old"], saved.FileName), Path.Combine(_folder["old"], saved.State!.FileName));
        foreach (var added in new[] { "seed", "device", "deviceName", "threads", "datasetSha256", "torchSharpVersion", "dotnetVersion", "trainLoss",
            "trainAccuracy", "bestBy", "bestEpoch", "bestValue" })
            SavedTensors.EditMetadata(weights, added, null);
        foreach (var added in new[] { "seed", "deviceName", "datasetSha256", "torchSharpVersion", "dotnetVersion", "appVersion" })
            SavedTensors.EditMetadata(state, added, null);
        SavedTensors.EditMetadata(state, "version", "1");
        using var random = get_rng_state();
        SavedTensors.EditTensors(state, tensors => tensors.Where(tensor => !tensor.Name.StartsWith("history.", StringComparison.Ordinal))
            .Append(TensorBytes.Save("rng.cpu", random)));
    }

    /// <summary>What another process would find: another random state, another number of threads.</summary>
    private static void DisturbTorch()
    {
        random.manual_seed(123).Dispose();
        rand(17).Dispose();
        set_num_threads(Environment.ProcessorCount);
    }

    private static List<EpochFinished> Numbers(RecordedEvents events) => [.. events.Of<EpochFinished>().Select(epoch => epoch with { Seconds = 0 })];

    private (string Weights, string State) FinalHashes(string folder, RecordedEvents events)
    {
        var last = events.Of<CheckpointSaved>().Last();
        Assert.Equal(Epochs, last.Epoch);
        return (SavedTensors.Hash(Path.Combine(_folder[folder], last.FileName)), SavedTensors.Hash(
            Path.Combine(_folder[folder], last.State!.FileName)));
    }

    private string Folder(string name) => Directory.CreateDirectory(_folder[name]).FullName;
}
