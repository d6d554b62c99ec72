using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests.Datasets;

public sealed class DataOrderTests
{
    [Fact]
    public void Of_AnySeed_IsAPermutation() => Assert.Equal(Enumerable.Range(0, 1_000).Select(i => (long)i), DataOrder.Of(5, 1, 1_000).Order());

    [Fact]
    public void Of_SameSeedAndEpoch_IsTheSame() => Assert.Equal(DataOrder.Of(1, 2, 500), DataOrder.Of(1, 2, 500));

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 2)]
    [InlineData(2, 1)]
    public void Of_OtherSeedOrEpoch_IsAnother(long seed, int epoch) => Assert.NotEqual(DataOrder.Of(1, 2, 500), DataOrder.Of(seed, epoch, 500));

    [Fact]
    public void Of_ManyEpochs_PutsEveryImageEverywhereEquallyOften()
    {
        const int count = 10, epochs = 20_000;
        var first = new int[count];
        for (var epoch = 1; epoch <= epochs; epoch++)
            first[DataOrder.Of(1, epoch, count)[0]]++;

        // 2,000 expected, standard deviation 42: five of them on either side.
        Assert.All(first, times => Assert.InRange(times, 1_788, 2_212));
    }

    // From an independent implementation of the same description. A change of the order would break every run that is resumed by a newer trainer.
    [Fact]
    public void Of_KnownSeed_NeverChanges() => Assert.Equal([2, 3, 5, 7, 0, 1, 4, 6], DataOrder.Of(1, 1, 8));
}
