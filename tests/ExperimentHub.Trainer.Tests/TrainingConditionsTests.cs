namespace ExperimentHub.Trainer.Tests;

[Collection(nameof(Torch))]
public sealed class TrainingConditionsTests
{
    [Theory]
    [InlineData("cuda:0", "H100", 8, true)]
    [InlineData("cuda:1", "H100", 8, true)] // another of the same kind
    [InlineData("cuda:0", "H100", 2, true)] // the CPU's threads do not touch what a GPU computes
    [InlineData("cuda:0", null, 8, true)] // not known
    [InlineData("cuda:0", "A10", 8, false)]
    [InlineData("cpu", "H100", 8, false)]
    public void AddUpAs_OnAGpu_DependsOnKindAndName(string device, string? name, int threads, bool same) =>
        Assert.Equal(same, Conditions("cuda:0", "H100").AddUpAs(device, name, threads, TrainingConditions.TorchVersion));

    [Fact]
    public void AddUpAs_OnTheCpu_DependsOnThreadsAndTorch()
    {
        var now = Conditions("cpu", "CPU A");

        Assert.True(now.AddUpAs("cpu", "CPU A", 8, TrainingConditions.TorchVersion));
        Assert.False(now.AddUpAs("cpu", "CPU A", 2, TrainingConditions.TorchVersion));
        Assert.False(now.AddUpAs("cpu", "CPU B", 8, TrainingConditions.TorchVersion));
        Assert.False(now.AddUpAs("cpu", "CPU A", 8, "2.11.0"));
    }

    private static TrainingConditions Conditions(string device, string name) => new(device, name, 8, "0", "test");
}
