using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests.Datasets;

public sealed class HeldBackTests
{
    [Fact]
    public void From_Split_DividesTheImagesWithTheirLabelsAndLosesNone()
    {
        var all = TinyData.Create(train: 100).Train;

        var (train, heldBack) = HeldBack.From(all, new ValidationSplit { Samples = 30 });

        Assert.Equal((70, 30), (train.Count, heldBack!.Count));
        Assert.Equal(Images(all).Order(), Images(train).Concat(Images(heldBack)).Order());
    }

    [Fact]
    public void From_SameSeedAndCount_HoldsTheSameImagesBack()
    {
        var all = TinyData.Create(train: 100).Train;
        List<string> Held(long seed) => [.. Images(HeldBack.From(all, new ValidationSplit { Samples = 30, Seed = seed }).HeldBack!)];

        Assert.Equal(Held(1), Held(1));
        Assert.NotEqual(Held(1), Held(2));
    }

    [Fact]
    public void From_NoSplit_KeepsAll()
    {
        var all = TinyData.Create(train: 100).Train;

        Assert.Equal((all, null), HeldBack.From(all, null));
    }

    [Fact]
    public void From_MoreThanThereAre_IsRefused()
    {
        var failure = Assert.Throws<TrainingFailure>(() => HeldBack.From(TinyData.Create(train: 100).Train, new ValidationSplit { Samples = 100 }));

        Assert.Equal("100 images are to be held back for validation, but the training set has 100.", failure.Message);
    }

    private static IEnumerable<string> Images(LabelledImages images) =>
        Enumerable.Range(0, images.Count).Select(i => $"{images.Labels[i]} {Convert.ToHexString(images.Images.Pixels.AsSpan(i * 784, 784))}");
}
