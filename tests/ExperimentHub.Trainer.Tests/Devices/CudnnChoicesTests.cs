using ExperimentHub.Trainer.Devices;

namespace ExperimentHub.Trainer.Tests.Devices;

[Collection(nameof(Torch))]
public sealed class CudnnChoicesTests
{
    /// <summary>What cuDNN makes of it only a GPU can show; that torch hears it, every libtorch can.</summary>
    [Fact]
    public void AreDeterministic_SetAndTakenBack_IsWhatTorchSays()
    {
        Assert.False(CudnnChoices.AreDeterministic);
        CudnnChoices.AreDeterministic = true;
        Assert.True(CudnnChoices.AreDeterministic);
        CudnnChoices.AreDeterministic = false;
        Assert.False(CudnnChoices.AreDeterministic);
    }
}
