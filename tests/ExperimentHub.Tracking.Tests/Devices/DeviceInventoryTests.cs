using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;

namespace ExperimentHub.Tracking.Tests.Devices;

public sealed class DeviceInventoryTests
{
    [Fact]
    public async Task RequestTest_Twice_AsksOnceUntilTheReportCame()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var devices = hub.Devices;
        var asked = 0;
        devices.TestRequested += () => asked++;
        devices.RequestTest(); // the first test, the start's own, is still on its way
        Assert.Equal((true, 0), (devices.IsTesting, asked));

        devices.Report = EmptyHub.OneCpu;
        Assert.False(devices.IsTesting);
        devices.RequestTest();
        devices.RequestTest();
        Assert.Equal((true, 1), (devices.IsTesting, asked));
        Assert.Same(EmptyHub.OneCpu, devices.Report);

        devices.Report = EmptyHub.OneCpu with { Works = false };
        Assert.False(devices.IsTesting);
        devices.RequestTest();
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task EndTest_WithoutAReport_KeepsTheOneBefore()
    {
        await using var hub = await EmptyHub.CreateAsync();
        hub.Devices.Report = EmptyHub.OneCpu;
        hub.Devices.RequestTest();
        hub.Devices.EndTest();
        Assert.False(hub.Devices.IsTesting);
        Assert.Same(EmptyHub.OneCpu, hub.Devices.Report);
    }

    [Fact]
    public async Task FactsOf_GpusThatTheDriverNumbersOtherwise_GoesByTheirPlace()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (fast, slow) = (new DeviceInfo("cuda", 0, "Fast"), new DeviceInfo("cuda", 1, "Slow"));
        hub.Devices.Report = EmptyHub.OneCpu with
        {
            Devices = [.. EmptyHub.OneCpu.Devices, fast, slow],
            PciAddresses = new Dictionary<string, string> { ["cuda:0"] = "0000:C1:00.0", ["cuda:1"] = "0000:41:00.0" },
        };
        var seen = EmptyHub.OneCpuHardware with
        {
            Nvidia = new NvidiaFacts("580.1", [new GpuFacts("0000:41:00.0", "Slow", 1, 1, 0), new GpuFacts("0000:c1:00.0", "Fast", 1, 1, 0)]),
        };
        Assert.Equal("Fast", hub.Devices.FactsOf(fast, seen)?.Name);
        Assert.Equal("Slow", hub.Devices.FactsOf(slow, seen)?.Name);
        Assert.Null(hub.Devices.FactsOf(new DeviceInfo("cuda", 2, "Unknown"), seen));
        hub.Devices.Report = hub.Devices.Report with { PciAddresses = null };
        Assert.Null(hub.Devices.FactsOf(fast, seen));
    }
}
