using System.Runtime.InteropServices;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.TestHub.Drivers;
using ExperimentHub.Trainer.Devices;

namespace ExperimentHub.Trainer.Tests.Devices;

/// <summary>A process has one driver, so this is the one test that opens a stand-in of it in its own.</summary>
[Collection(nameof(Torch))]
public sealed class CudaDriverTests
{
    [Fact]
    public void Driver_TwoUnlikeGpus_IsAskedInTheOrderOfTheirPlaces()
    {
        // Loading libtorch has asked CUDA for that order; by itself the stand-in, as CUDA does, puts the H100 first.
        Assert.SkipWhen(File.Exists("/proc/driver/nvidia/version"), "this machine has a driver of its own");
        using var driver = new StandInDriver(StandInDriver.Unlike);
        NativeLibrary.Load(Path.Combine(driver.Folder, "libcuda.so.1"));

        Assert.Equal(new CudaDriver.Answer(0, 13000), CudaDriver.Ask());
        Assert.Equal(["Tesla T4", "NVIDIA H100 80GB HBM3", null], [CudaDriver.Name(0), CudaDriver.Name(1), CudaDriver.Name(2)]);
        Assert.Equal(["0000:17:00.0", "0000:65:00.0"], [CudaDriver.PciAddress(0), CudaDriver.PciAddress(1)]);
        Assert.Equal([new ComputeCapability(7, 5), new ComputeCapability(9, 0), null],
            [CudaDriver.Capability(0), CudaDriver.Capability(1), CudaDriver.Capability(2)]);
        Assert.Null(CudaDriver.Name(-1));
    }
}
