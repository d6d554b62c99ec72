using ExperimentHub.Execution.Devices;

namespace ExperimentHub.Execution.Tests.Devices;

[Collection(FakeDriver.Collection)]
public sealed unsafe class NvmlTests
{
    public NvmlTests() => FakeDriver.Reset();

    [Fact]
    public void Read_NoLibrary_SaysThereIsNoDriverAndWhatToDo()
    {
        var facts = new Nvml(() => null).Read();
        Assert.Empty(facts.Gpus);
        Assert.Equal("No NVIDIA driver was found on this machine.", facts.Problem);
        Assert.Contains("-p:TorchBackend=cuda", facts.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TwoGpus_TellsWhatTheLibraryWrote()
    {
        var facts = new Nvml(() => FakeDriver.Find).Read();
        Assert.Null(facts.Problem);
        Assert.Equal("580.65.06", facts.DriverVersion);
        Assert.Equal(2, facts.Gpus.Count);
        Assert.Equal(new Tracking.Devices.GpuFacts("0000:c1:1f.0", "NVIDIA Test 7", 80L << 30, 3L << 30, 0.42), facts.Gpus[1]);
    }

    [Fact]
    public void Read_UtilisationNotSupported_IsUnknownAndTheRestIsTold()
    {
        FakeDriver.UseAnswer = 3; // NVML_ERROR_NOT_SUPPORTED
        var gpu = new Nvml(() => FakeDriver.Find).Read().Gpus[0];
        Assert.Null(gpu.Utilisation);
        Assert.Equal(80L << 30, gpu.MemoryTotal);
    }

    [Fact]
    public void Read_DriverDoesNotAnswer_SaysWhyAndTriesAgain()
    {
        var nvml = new Nvml(() => FakeDriver.Find);
        FakeDriver.InitAnswer = 9; // NVML_ERROR_DRIVER_NOT_LOADED
        var facts = nvml.Read();
        Assert.Equal("The NVIDIA driver is installed but does not answer: Driver Not Loaded (error 9).", facts.Problem);
        FakeDriver.InitAnswer = 0;
        Assert.Equal(2, nvml.Read().Gpus.Count);
        nvml.Read();
        Assert.Equal(2, FakeDriver.InitCalls); // once it answered, it is not initialised again
    }

    [Fact]
    public void Read_OldDriver_NamesTheMissingFunction()
    {
        var nvml = new Nvml(() => name => name == "nvmlDeviceGetPciInfo_v3" ? throw new EntryPointNotFoundException(name) : FakeDriver.Find(name));
        Assert.Contains("nvmlDeviceGetPciInfo_v3", nvml.Read().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Structures_OfTheHeader_HaveItsSizes() => Assert.Equal((24, 8, 68), (sizeof(NvmlMemory), sizeof(NvmlUtilisation), sizeof(NvmlPci)));
}
