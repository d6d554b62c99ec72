using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests;

[Collection(nameof(Torch))]
public sealed class RandomStateTests
{
    [Fact]
    public void BeginStep_SamePosition_GivesTheSameNumbersWhateverCameBefore()
    {
        var first = Draw(seed: 5, epoch: 2, step: 9);
        random.manual_seed(77).Dispose();
        rand(13).Dispose();

        Assert.Equal(first, Draw(seed: 5, epoch: 2, step: 9));
    }

    [Fact]
    public void SeedOf_NeighbouringSeedsEpochsAndSteps_DifferInTheBitsThatTheCpuLooksAt()
    {
        var seeds =
            from seed in new long[] { 0, 1, 2, 1L << 40 }
            from epoch in Enumerable.Range(1, 20)
            from step in Enumerable.Range(0, 20)
            select (uint)RandomState.SeedOf(seed, epoch, step);

        Assert.Equal(1_600, seeds.Distinct().Count());
    }

    private static float[] Draw(long seed, int epoch, int step)
    {
        RandomState.BeginStep(seed, epoch, step);
        using var drawn = rand(8);
        return [.. drawn.data<float>()];
    }
}
