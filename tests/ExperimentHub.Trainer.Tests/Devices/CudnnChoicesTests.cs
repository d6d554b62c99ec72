using System.Runtime.InteropServices;
using ExperimentHub.TestHub.Drivers;
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

    /// <summary>The switch is no part of torch's C interface: a version without it trains, and refuses only the runs that ask for it.</summary>
    [Fact]
    public void SetIn_LibraryWithoutTheSwitch_RefusesOnlyToSetIt()
    {
        using var folder = new TemporaryFolder();
        StandInDriver.BuildFrom("int nothing;", folder["libtorch_without.so"]);
        var library = NativeLibrary.Load(folder["libtorch_without.so"]);

        CudnnChoices.SetIn(library, false);

        var refusal = Assert.Throws<TrainingFailure>(() => CudnnChoices.SetIn(library, true));
        Assert.Contains("'deterministic'", refusal.Remedy, StringComparison.Ordinal);
    }
}
