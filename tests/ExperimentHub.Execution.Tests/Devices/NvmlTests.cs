using System.Runtime.InteropServices;
using ExperimentHub.Execution.Devices;
using ExperimentHub.TestHub.Drivers;
using ExperimentHub.Tracking.Devices;

namespace ExperimentHub.Execution.Tests.Devices;

public sealed unsafe class NvmlTests
{
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
        using var driver = new StandInDriver(StandInDriver.Unlike);
        var gpu = Nvml.In([driver.Nvml]).Read().Gpus[1];
        Assert.Equal(new GpuFacts("0000:65:00.0", "NVIDIA H100 80GB HBM3", 80L << 30, 1L << 30, 0.07) { Capability = new(9, 0) }, gpu);
    }

    [Fact]
    public void Read_DriverStopsAnswering_SaysWhyAndTheNextReadingBeginsAnew()
    {
        using var driver = new StandInDriver(StandInDriver.Unlike);
        var nvml = Nvml.In([driver.Nvml]);
        Assert.Equal(2, nvml.Read().Gpus.Count);
        nvml.Read();
        Assert.Equal(1, Number(driver, "stand_in_begins")); // as long as it answers, once

        Number(driver, "stand_in_trouble") = 9; // NVML_ERROR_DRIVER_NOT_LOADED
        Assert.Equal("The NVIDIA driver is installed but does not answer: Driver Not Loaded (error 9).", nvml.Read().Problem);

        Assert.Equal(2, nvml.Read().Gpus.Count);
        Assert.Equal(2, Number(driver, "stand_in_begins"));
    }

    [Fact]
    public void Read_LostGpuWasReset_IsBackAfterAWhile()
    {
        using var driver = new StandInDriver(StandInDriver.Lost);
        var time = new SetClock();
        var nvml = Nvml.In([driver.Nvml], time);
        Assert.Single(nvml.Read().Silent);

        Number(driver, "stand_in_reset") = 1;
        Assert.Single(nvml.Read().Silent); // beginning may take seconds, and somebody reads every second
        time.Advance(Nvml.AnewAfter);

        Assert.Equal(3, nvml.Read().Gpus.Count);
        time.Advance(Nvml.AnewAfter);
        nvml.Read();
        Assert.Equal(2, Number(driver, "stand_in_begins"));
    }

    [Fact]
    public void Read_AncientDriver_NamesTheMissingFunction()
    {
        using var driver = new StandInDriver(StandInDriver.AncientDriver);
        Assert.Contains("nvmlDeviceGetPciInfo_v3", Nvml.In([driver.Nvml]).Read().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Structures_OfTheHeader_HaveItsSizes() => Assert.Equal((24, 8, 68), (sizeof(NvmlMemory), sizeof(NvmlUtilisation), sizeof(NvmlPci)));

    /// <summary>One of those that the stand-in has for tests.</summary>
    private static ref int Number(StandInDriver driver, string name) => ref *(int*)NativeLibrary.GetExport(NativeLibrary.Load(driver.Nvml), name);

    private sealed class SetClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan time) => _now += time.Ticks;

        public override long GetTimestamp() => _now;
    }
}
