using ExperimentHub.Protocol.Optimization;

namespace ExperimentHub.Protocol.Tests.Optimization;

public sealed class LearningRateScheduleTests
{
    // From torch 1.13: OneCycleLR(max_lr=1, total_steps=20, pct_start=0.3), read before each step.
    private static readonly double[] PyTorchsOneCycle =
    [
        0.040000000000000036, 0.1316718427000253, 0.3716718427000253, 0.6683281572999747, 0.9083281572999747,
        1.0, 0.9874640062350873, 0.9504846320134737, 0.89091617757105, 0.8117456539497631,
        0.7169430017913008, 0.6112620219362893, 0.500002, 0.38874197806371075, 0.28306099820869923,
        0.18825834605023697, 0.10908782242895004, 0.049519367986526286, 0.012539993764912554, 4e-06,
    ];

    // From torch 1.13: CosineAnnealingLR(T_max=8, eta_min=0.1) over a rate of 1.
    private static readonly double[] PyTorchsCosine =
        [1.0, 0.9657457896300791, 0.8681980515339464, 0.7222075445642905, 0.55, 0.3777924554357097, 0.2318019484660537, 0.134254210369921];

    [Fact]
    public void OneCycle_TwentySteps_IsPyTorchs()
    {
        var schedule = new LearningRateSchedule { Kind = LearningRateSchedule.OneCycle };

        for (var step = 0; step < 20; step++)
            Assert.Equal(PyTorchsOneCycle[step], schedule.FactorAt(step, stepsPerEpoch: 5, epochs: 4), 1e-9);
    }

    [Fact]
    public void Cosine_EightSteps_IsPyTorchs()
    {
        var schedule = new LearningRateSchedule { Kind = LearningRateSchedule.Cosine, FinalFactor = 0.1 };

        for (var step = 0; step < 8; step++)
            Assert.Equal(PyTorchsCosine[step], schedule.FactorAt(step, stepsPerEpoch: 4, epochs: 2), 1e-12);
    }

    [Fact]
    public void Step_EveryTwoEpochs_FallsByGamma()
    {
        var schedule = new LearningRateSchedule { Kind = LearningRateSchedule.Step, StepEpochs = 2, Gamma = 0.5 };

        Assert.Equal([1, 1, 1, 1, 1, 1, 0.5, 0.5], Enumerable.Range(0, 8).Select(step => schedule.FactorAt(step, stepsPerEpoch: 3, epochs: 3)));
    }

    [Theory]
    [InlineData(LearningRateSchedule.Constant)]
    [InlineData(LearningRateSchedule.Cosine)]
    public void WarmUp_HalfAnEpoch_GrowsLinearlyAndEndsAtTheFullRate(string kind)
    {
        var schedule = new LearningRateSchedule { Kind = kind, WarmUpEpochs = 0.5 };

        Assert.Equal([0.2, 0.4, 0.6, 0.8, 1, 1], Enumerable.Range(0, 6)
            .Select(step => Math.Round(schedule.FactorAt(step, stepsPerEpoch: 10, epochs: 4), 12)));
    }

    [Theory]
    [InlineData(LearningRateSchedule.Cosine, 1)]
    [InlineData(LearningRateSchedule.OneCycle, 1)]
    [InlineData(LearningRateSchedule.OneCycle, 2)]
    [InlineData(LearningRateSchedule.OneCycle, 3)]
    public void Factor_ShortestRuns_StaysANumberUpToOne(string kind, int steps)
    {
        var schedule = new LearningRateSchedule { Kind = kind };

        Assert.All(Enumerable.Range(0, steps), step => Assert.InRange(schedule.FactorAt(step, stepsPerEpoch: steps, epochs: 1), 0, 1));
    }

    [Fact]
    public void LearningRateAt_WithoutSchedule_IsTheOptimizers() => Assert.Equal(0.01, new TrainingSpec().LearningRateAt(5_000, 1_875));
}
