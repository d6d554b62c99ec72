using ExperimentHub.Protocol.Devices;

namespace ExperimentHub.Protocol.Tests;

public sealed class PrecisionsTests
{
    private static readonly DeviceInfo Gpu = new("cuda", 1, "Tesla T4");

    [Theory]
    [InlineData(Precisions.Bf16, 7, 5, false)]
    [InlineData(Precisions.Tf32, 7, 5, false)]
    [InlineData(Precisions.Bf16, 8, 0, true)]
    [InlineData(Precisions.Tf32, 12, 0, true)]
    [InlineData(Precisions.Fp32, 3, 5, true)]
    [InlineData(null, 3, 5, true)]
    public void WhyNot_Gpu_GoesByWhatItCanCompute(string? precision, int major, int minor, bool fits)
    {
        var reason = Precisions.WhyNot(precision, Gpu, new ComputeCapability(major, minor));

        Assert.Equal(
            fits ? null : $"{precision} needs a GPU of compute capability 8.0 (Ampere) or later; cuda:1 (Tesla T4) has {major}.{minor}. Choose fp32.",
            reason);
    }

    [Fact]
    public void WhyNot_GpuThatIsNotKnown_IsTried() => Assert.Null(Precisions.WhyNot(Precisions.Bf16, Gpu, null));

    [Fact]
    public void WhyNot_Cpu_TrainsInFp32Only()
    {
        var cpu = new DeviceInfo("cpu", 0, "CPU");

        Assert.Null(Precisions.WhyNot(null, cpu, null));
        Assert.Equal("tf32 needs a CUDA device; the CPU trains in fp32 only.", Precisions.WhyNot(Precisions.Tf32, cpu, null));
    }
}
