namespace ExperimentHub.Trainer.Tests;

public sealed class RandomStateTests
{
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
}
