using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests;

/// <summary>A training that is stopped between any two steps, again and again, ends as one that never was: no step is lost or done twice.</summary>
[Collection(nameof(Torch))]
public sealed class PauseTests : IDisposable
{
    private const int Stops = 20;

    private static readonly ImageData Data = TinyData.Create(train: 1_995);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Everything that a step can depend on belongs in here.</summary>
    public static TheoryData<string, TrainingSpec> Specs => new()
    {
        { "sgd", new TrainingSpec { Epochs = 15, BatchSize = 10 } },
        { "validation", new TrainingSpec { Epochs = 15, BatchSize = 10, Validation = new() { Samples = 400 }, BestBy = BestMetrics.ValidationLoss } },
        { "convolutions", new TrainingSpec { Epochs = 6, BatchSize = 2, Validation = new() { Samples = 1_795 },
            Model = new ModelSpec { Kind = ModelCatalog.SmallCnn } } },
        { "adam, one-cycle, batch norm, dropout, augmentation", new TrainingSpec
            {
                Epochs = 8,
                BatchSize = 10,
                Optimizer = new() { Kind = OptimizerSpec.Adam, LearningRate = 0.003, ClipNorm = 1 },
                LearningRateSchedule = new() { Kind = LearningRateSchedule.OneCycle },
                Model = new ModelSpec { Kind = ModelCatalog.Mlp, HiddenSizes = [32, 16], Dropout = 0.3, BatchNorm = true },
                Augmentation = new() { ShiftPixels = 2, RotateDegrees = 10, EraseProbability = 0.2 },
                LabelSmoothing = 0.1,
                GradientNorm = true,
            }
        },
    };

    [Theory]
    [MemberData(nameof(Specs))]
    public void Run_StoppedAtRandomSteps_EndsAsTheUninterruptedRun(string name, TrainingSpec spec)
    {
        var whole = TinyData.Train(TinyData.Start(Folder("whole"), spec), Data);

        var random = new Random(1);
        var attempts = new List<RecordedEvents>();
        ResumePoint? resume = null;
        var pauses = new List<PausePointSaved>();
        while (attempts.Count == 0 || attempts[^1].All[^1] is not TrainingFinished)
        {
            // Blocks begin with one step and grow, so the second question already falls within an epoch.
            var questions = pauses.Count < Stops ? random.Next(6) : int.MaxValue;
            var start = TinyData.Start(Folder("paused"), spec, attempt: attempts.Count + 1) with { Resume = resume };
            attempts.Add(TinyData.Train(start, Data, mustStop: () => questions-- == 0));
            if (attempts[^1].Of<PausePointSaved>().SingleOrDefault() is not { } pause)
                continue;
            pauses.Add(pause);
            resume = HubsMemory.After(pause, spec, attempts.SelectMany(attempt => attempt.All));
        }

        Assert.True(pauses.Exists(pause => pause.StepsDone > 0), $"{name}: no stop fell within an epoch");
        Assert.Equal(Losses([whole]), Losses(attempts));
        Assert.Equal(Numbers([whole]), Numbers(attempts));
        Assert.Equal(Last(whole).WeightsSha256, Last(attempts[^1]).WeightsSha256);
        Assert.Equal(SavedTensors.Hash(Path.Combine(_folder["whole"], Last(whole).State!.FileName)),
            SavedTensors.Hash(Path.Combine(_folder["paused"], Last(attempts[^1]).State!.FileName)));
        // Every epoch that was evaluated in full is the best of its time or the last before a stop, and none is told twice.
        Assert.Equal(attempts.SelectMany(attempt => attempt.Of<EpochEvaluated>()).Select(told => told.Epoch).Distinct(),
            attempts.SelectMany(attempt => attempt.Of<EpochEvaluated>()).Select(told => told.Epoch));
    }

    [Fact]
    public void Run_StoppedWhileItEvaluates_GoesOnWithTheEvaluation()
    {
        // One step an epoch: the second question falls into the evaluation after it.
        var spec = new TrainingSpec { Epochs = 2, BatchSize = Data.Train.Count };
        var whole = TinyData.Train(TinyData.Start(Folder("whole"), spec), Data);
        var questions = 1;
        var stopped = TinyData.Train(TinyData.Start(Folder("paused"), spec), Data, mustStop: () => questions-- == 0);
        Assert.Empty(stopped.Of<EpochFinished>());
        var pause = stopped.Of<PausePointSaved>().Single();
        Assert.Equal((0, 1), (pause.Epoch, pause.StepsDone));

        var resumed = TinyData.Train(TinyData.Start(Folder("paused"), spec, attempt: 2) with
        {
            Resume = new ResumePoint(pause.Epoch, pause.FileName, pause.State.FileName, pause.StepsDone),
        }, Data);
        Assert.Equal(Numbers([whole]), Numbers([stopped, resumed]));
        Assert.Equal(Losses([whole]), Losses([stopped, resumed]));
        Assert.Equal(Last(whole).WeightsSha256, Last(resumed).WeightsSha256);
    }

    [Fact]
    public void Run_Stopped_TellsTheLossesOfAllStepsThenTheLastEpochThenThePlace()
    {
        var spec = new TrainingSpec { Epochs = 1_000, BatchSize = 10 };
        var questions = int.MaxValue;
        var events = TinyData.Train(TinyData.Start(_folder.Path, spec), Data, mustStop: () => questions-- == 0, onEvent: told =>
        {
            if (told is CheckpointSaved { Epoch: 5 })
                questions = 1;
        });

        Assert.IsType<TrainingStopped>(events.All[^1]);
        var pause = Assert.IsType<PausePointSaved>(events.All[^2]);
        Assert.Equal(pause.Epoch, events.Of<EpochFinished>().Last().Epoch);
        Assert.Equal(pause.Epoch * 200 + pause.StepsDone, Losses([events]).Count);
        Assert.Equal(pause.Epoch, events.Of<EpochEvaluated>().Last().Epoch);
        Assert.Equal(("attempt-1-pause.safetensors", "attempt-1-pause.state.safetensors"), (pause.FileName, pause.State.FileName));
        Assert.Equal(pause.Size, new FileInfo(_folder[pause.FileName]).Length);
    }

    [Fact]
    public void Run_StoppedBeforeTheFirstStep_SavesThePlaceAndLosesNothing()
    {
        var spec = new TrainingSpec { Epochs = 1 };

        var pause = Assert.Single(TinyData.Train(TinyData.Start(Folder("paused"), spec), mustStop: () => true).Of<PausePointSaved>());
        var resumed = TinyData.Train(TinyData.Start(Folder("paused"), spec, attempt: 2)
            with
        { Resume = new ResumePoint(0, pause.FileName, pause.State.FileName) });

        Assert.Equal((0, 0), (pause.Epoch, pause.StepsDone));
        Assert.Equal(Last(TinyData.Train(TinyData.Start(Folder("whole"), spec))).WeightsSha256, Last(resumed).WeightsSha256);
    }

    [Fact]
    public void Run_TimeLimitWithinAnEpoch_SavesThePlaceAndGoesOnWithoutTheLimit()
    {
        var spec = new TrainingSpec { Epochs = 2, BatchSize = 10 };
        var whole = TinyData.Train(TinyData.Start(Folder("whole"), spec), Data);

        var limited = TinyData.Train(TinyData.Start(Folder("limited"), spec with { StopRules = new StopRules { MaxSeconds = 1e-6 } }), Data);
        var pause = Assert.Single(limited.Of<PausePointSaved>());
        var resumed = TinyData.Train(TinyData.Start(Folder("limited"), spec, attempt: 2) with
        {
            Resume = HubsMemory.After(pause, spec, limited.All),
        }, Data);

        Assert.StartsWith("The time limit of", Assert.IsType<TrainingFinished>(limited.All[^1]).Reason, StringComparison.Ordinal);
        Assert.Equal((0, 1), (pause.Epoch, pause.StepsDone));
        Assert.Equal(Losses([whole]), Losses([limited, resumed]));
        Assert.Equal(Last(whole).WeightsSha256, Last(resumed).WeightsSha256);
    }

    [Theory]
    [InlineData(6.0, true)]
    [InlineData(4.0, false)]
    public void Run_TimeLimit_CountsTheSecondsOfEarlierAttempts(double secondsBefore, bool ends)
    {
        var spec = new TrainingSpec { Epochs = 2, StopRules = new StopRules { MaxSeconds = 5 } };
        var first = TinyData.Train(TinyData.Start(_folder.Path, spec with { Epochs = 1 }));

        var second = TinyData.Train(TinyData.Start(_folder.Path, spec, attempt: 2) with
        {
            Resume = HubsMemory.After(first.Of<CheckpointSaved>().Single(), spec, first.All) with { SecondsBefore = secondsBefore },
        });

        Assert.Equal(ends ? "The time limit of 5 s was reached: the run has trained for 6.0 s." : null, second.Of<TrainingFinished>()
            .Single().Reason);
        Assert.Equal(ends ? 0 : 1, second.Of<EpochFinished>().Count());
    }

    private static List<float> Losses(IEnumerable<RecordedEvents> attempts) =>
        [.. attempts.SelectMany(attempt => attempt.Of<TrainingProgress>()).SelectMany(progress => progress.Losses)];

    private static List<EpochFinished> Numbers(IEnumerable<RecordedEvents> attempts) =>
        [.. attempts.SelectMany(attempt => attempt.Of<EpochFinished>()).Select(epoch => epoch with { Seconds = 0 })];

    private static CheckpointSaved Last(RecordedEvents attempt) => attempt.Of<CheckpointSaved>().Last();

    private string Folder(string name) => Directory.CreateDirectory(_folder[name]).FullName;
}
