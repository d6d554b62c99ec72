using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class EvidenceTests
{
    private static readonly TrainingSpec Tutorial = new();
    private static readonly TrainingSpec Mlp = new() { Model = new ModelSpec { Kind = ModelCatalog.Mlp } };
    private static readonly TrainingSpec Adam = new() { Optimizer = new OptimizerSpec { Kind = OptimizerSpec.Adam } };
    private static readonly TrainingSpec Patient = new() { StopRules = new StopRules { Patience = 2 } };
    private static readonly TrainingSpec Cosine =
        new() { Epochs = 1, LearningRateSchedule = new LearningRateSchedule { Kind = LearningRateSchedule.Cosine } };

    public static TheoryData<TrainingSpec, TrainingSpec> SameTrainings => new()
    {
        { Tutorial, Tutorial with { Checkpoints = new CheckpointPolicy { Every = 5 } } },
        { Tutorial, Tutorial with { GradientNorm = true } },
        { Tutorial, Tutorial with { Deterministic = true } },
        { Tutorial, Tutorial with { BestBy = BestMetrics.TestLoss } },
        { Tutorial, Tutorial with { Seed = 7, Device = "cpu", Dataset = "fashion-mnist" } },
        { Tutorial, Tutorial with { StopRules = new StopRules(), Precision = Precisions.Fp32, Augmentation = new AugmentationSpec() } },
        { Tutorial, Tutorial with { LearningRateSchedule = new LearningRateSchedule() } },
        { Patient, Patient with { BestBy = BestMetrics.TestAccuracy } },
        { Mlp, Mlp with { Model = Mlp.Model with { HiddenSizes = [256, 128], Activation = Activations.Relu } } },
        { Adam, Adam with { Optimizer = Adam.Optimizer with { Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8 } } },
        { Cosine, Cosine with { LearningRateSchedule = Cosine.LearningRateSchedule! with { FinalFactor = 0 } } },
        { Layered(null, null), Layered("first", 2) },
    };

    public static TheoryData<TrainingSpec, TrainingSpec> DifferentTrainings => new()
    {
        { Tutorial, Tutorial with { Epochs = 6 } },
        { Tutorial, Tutorial with { BatchSize = 64 } },
        { Tutorial, Tutorial with { LabelSmoothing = 0.1 } },
        { Tutorial, Tutorial with { Validation = new ValidationSplit() } },
        { Tutorial, Tutorial with { Augmentation = new AugmentationSpec { ShiftPixels = 1 } } },
        { Tutorial, Tutorial with { Precision = Precisions.Bf16 } },
        { Tutorial, Tutorial with { StopRules = new StopRules { MaxSeconds = 10 } } },
        { Tutorial, Tutorial with { Optimizer = new OptimizerSpec { Momentum = 0 } } },
        { Tutorial with { Validation = new ValidationSplit() }, Tutorial with { Validation = new ValidationSplit { Seed = 2 } } },
        { Patient, Patient with { BestBy = BestMetrics.TestLoss } },
        { Mlp, Mlp with { Model = Mlp.Model with { HiddenSizes = [128, 256] } } },
        { Layered(null, null), Layered(null, 1) },
    };

    [Theory]
    [MemberData(nameof(SameTrainings))]
    public void Recipe_OfWhatChangesNoWeight_IsTheSame(TrainingSpec one, TrainingSpec other) =>
        Assert.Equal(Evidence.RecipeOf(one), Evidence.RecipeOf(other));

    [Theory]
    [MemberData(nameof(DifferentTrainings))]
    public void Recipe_OfWhatChangesTheResult_Differs(TrainingSpec one, TrainingSpec other) =>
        Assert.NotEqual(Evidence.RecipeOf(one), Evidence.RecipeOf(other));

    [Fact]
    public void Recipe_OfAFork_KnowsItsCheckpoint()
    {
        var parent = RunId.New(TimeProvider.System);
        string[] recipes = [Evidence.RecipeOf(Tutorial), Evidence.RecipeOf(Tutorial, new ForkSource(parent, 1)),
            Evidence.RecipeOf(Tutorial, new ForkSource(parent, 2))];
        Assert.Distinct(recipes);
        Assert.Equal(recipes[1], Evidence.RecipeOf(Tutorial, new ForkSource(parent, 1)));
    }

    [Fact]
    public async Task CountedOnce_SameTrainingTwice_CountsTheFirstThatFinished()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var stopped = await PlayedRun.StartAsync(hub);
        await stopped.EpochAsync(1);
        await stopped.EpochAsync(2);
        await stopped.EndAsync(AttemptEnding.Stopped);
        var first = await FinishedAsync(hub, Tutorial);
        var again = await FinishedAsync(hub, Tutorial with { GradientNorm = true });
        var other = await FinishedAsync(hub, Tutorial with { Seed = 2 });
        var elsewhere = await FinishedAsync(hub, Tutorial, PlayedRun.Started(kind: "cuda"));
        var runs = await hub.History.FindManyAsync([other, stopped.Id, again, first, elsewhere]);

        Assert.Equal([other, first, elsewhere], Evidence.CountedOnce(runs).Select(run => run.Id));
        async Task<RunId?> RepeatedAsync(RunId id) => (await hub.History.FindAsync(id))!.Family.Repeats?.Id;
        Assert.Equal(first, await RepeatedAsync(stopped.Id));
        Assert.Equal(first, await RepeatedAsync(again));
        Assert.Null(await RepeatedAsync(other));
    }

    [Fact]
    public async Task CountedOnce_SameNameOfDataButOtherContent_CountsBoth()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var one = await FinishedAsync(hub, Tutorial);
        var other = await FinishedAsync(hub, Tutorial, PlayedRun.Started() with { DatasetSha256 = new string('e', 64) });
        Assert.Equal(2, Evidence.CountedOnce(await hub.History.FindManyAsync([one, other])).Count);
    }

    [Fact]
    public async Task TrainedOn_AtAConstantRate_IsTheTrainingThatWasPlannedSo()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await FinishedAsync(hub, Tutorial with { Epochs = 1 });
        Assert.True((await hub.Control.TrainOnAsync(run, 2)).Queued);
        Assert.Equal(Evidence.RecipeOf(Tutorial with { Epochs = 3 }), (await hub.ReadAsync(run)).Training!.Recipe);
    }

    [Fact]
    public async Task TrainedOn_WhereTheRateIsLaidOutAnew_IsATrainingOfItsOwn()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await FinishedAsync(hub, Cosine);
        Assert.True((await hub.Control.TrainOnAsync(run, 2, consents: true)).Queued);
        Assert.NotEqual(Evidence.RecipeOf(Cosine with { Epochs = 3 }), (await hub.ReadAsync(run)).Training!.Recipe);
    }

    [Fact]
    public async Task RunsOfEarlierHubs_GetTheirRecipeAndSeedOnce()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.ReadAsync(await hub.EnqueueAsync(Tutorial with { Seed = 9 }));
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync(TestContext.Current.CancellationToken);
        await db.Database.ExecuteSqlAsync($"""UPDATE "Trainings" SET "Recipe" = '', "Seed" = 0""", TestContext.Current.CancellationToken);

        Assert.Equal((0, 1), await EarlierRuns.CompleteAsync(db, TestContext.Current.CancellationToken));
        Assert.Equal((0, 0), await EarlierRuns.CompleteAsync(db, TestContext.Current.CancellationToken));

        var completed = await hub.ReadAsync(run.Id);
        Assert.Equal((run.Training!.Recipe, 9L), (completed.Training!.Recipe, completed.Training!.Seed));
    }

    private static async Task<RunId> FinishedAsync(EmptyHub hub, TrainingSpec spec, TrainingStarted? started = null)
    {
        var run = await PlayedRun.StartAsync(hub, spec, started: started);
        await run.EpochAsync(1);
        await run.EndAsync();
        return run.Id;
    }

    private static TrainingSpec Layered(string? name, int? stride) => new()
    {
        Model = new ModelSpec
        {
            Kind = ModelCatalog.Layers,
            Layers = [new ConvLayer(4, 3, Name: name), new MaxPoolLayer(2, stride), new FlattenLayer(), new LinearLayer(10)]
        },
    };
}
