using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Protocol.Tests.Trainers;

public sealed class RecordedTorchTests
{
    [Theory]
    [InlineData("2.10.0", "2.10.0", true)]
    [InlineData("2.10.0.0", "2.10.0", true)] // recorded by an earlier trainer
    [InlineData("2.10.0", "2.10.1", false)]
    [InlineData("2.10.0.0", "2.11.0", false)]
    [InlineData(null, "2.10.0", false)]
    [InlineData(null, null, true)]
    public void Same_RecordsOfEarlierTrainers_SpeakOfTheSameLibrary(string? one, string? other, bool same)
    {
        Assert.Equal(same, RecordedTorch.Same(one, other));
        Assert.Equal(same, RecordedTorch.Same(other, one));
    }
}
