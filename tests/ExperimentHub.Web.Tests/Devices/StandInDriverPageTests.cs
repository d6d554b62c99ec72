using Bunit;
using ExperimentHub.Execution.Devices;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.TestHub.Drivers;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Web.Devices;

namespace ExperimentHub.Web.Tests.Devices;

/// <summary>The Devices page on machines that a stand-in of NVIDIA's library plays, with what the self-test says there.</summary>
public sealed class StandInDriverPageTests
{
    private static readonly DeviceInfo Cpu = EmptyHub.OneCpu.Devices[0];

    [Theory]
    [InlineData(StandInDriver.NoDevice, "The NVIDIA driver sees no GPU (cuInit: 100).", "docker run --gpus all")]
    [InlineData(StandInDriver.OldDriver, "knows NVIDIA H100 80GB HBM3, but the trainer cannot use it: The NVIDIA driver sees no GPU (cuInit: 100).",
        "docker run --gpus all")]
    [InlineData(StandInDriver.NoPermission, "The NVIDIA driver sees no GPU (cuInit: 100).", "docker run --gpus all")]
    public async Task Page_TrainerFindsNoGpu_SaysWhatTheDriverSays(string machine, string problem, string remedy)
    {
        await using var pages = await OpenAsync(machine, [new DeviceTrial(Cpu, 2.3)], "The NVIDIA driver sees no GPU (cuInit: 100).",
            "Start it with docker run --gpus all.");
        var page = pages.Render<DevicesPage>();

        page.WaitForAssertion(() => Assert.Contains(problem, page.Find(".none").TextContent, StringComparison.Ordinal));
        Assert.Contains(remedy, page.Find(".none").TextContent, StringComparison.Ordinal);
        Assert.Equal("passed", page.Find(".verdict").TextContent.Trim());
    }

    [Fact]
    public async Task Page_TwoUnlikeGpusOfWhichOneIsBusy_ShowsEachWithItsOwnFigures()
    {
        // The self-test's numbers follow the bus; the busy one is no device to train on and is shown all the same.
        var (old, young) = (new DeviceInfo("cuda", 0, "Tesla T4"), new DeviceInfo("cuda", 1, "NVIDIA H100 80GB HBM3"));
        await using var pages = await OpenAsync(StandInDriver.Unlike,
            [new DeviceTrial(Cpu, 2.3), new DeviceTrial(old, null, "The GPU is used by another program alone.", "Wait."),
                new DeviceTrial(young, 2.3)]);
        pages.Hub.Devices.SlotBooks = () => [new DeviceUse(Cpu, 1, []), new DeviceUse(young, 1, [])];
        var page = pages.Render<DevicesPage>();

        page.WaitForAssertion(() => Assert.Equal(["Test CPU", "Tesla T4", "NVIDIA H100 80GB HBM3"], page.FindAll("article h3")
            .Select(title => title.TextContent)));
        var cards = page.FindAll("article").Select(card => card.TextContent).ToList();
        foreach (var word in new[] { "cuda:1", "80.0 GiB", "0000:65:00.0", "9.0" })
            Assert.Contains(word, cards[2], StringComparison.Ordinal);
        foreach (var word in new[] { "cuda:0", "15.0 GiB", "0000:17:00.0", "7.5", "did not pass the self-test",
            "used by another program alone.", "Wait." })
            Assert.Contains(word, string.Join(' ', cards[1].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Empty(page.FindAll(".none"));
    }

    [Fact]
    public async Task Page_LostGpu_IsSaidBesideTheOthers()
    {
        var (first, last) = (new DeviceInfo("cuda", 0, "NVIDIA A10"), new DeviceInfo("cuda", 1, "NVIDIA A10"));
        await using var pages = await OpenAsync(StandInDriver.Lost,
            [new DeviceTrial(Cpu, 2.3), new DeviceTrial(first, 2.3), new DeviceTrial(last, 2.3)]);
        pages.Hub.Devices.SlotBooks = () => [new DeviceUse(Cpu, 1, []), new DeviceUse(first, 1, []), new DeviceUse(last, 1, [])];
        var page = pages.Render<DevicesPage>();

        page.WaitForAssertion(() => Assert.Contains("GPU 1 of the driver does not answer: GPU is lost", page.Find(".silent").TextContent,
            StringComparison.Ordinal));
        Assert.Equal(3, page.FindAll("article h3").Count);
    }

    [Fact]
    public async Task Page_GpuDividedByMig_SaysThatTheFiguresAreTheWholes()
    {
        var part = new DeviceInfo("cuda", 0, "NVIDIA A100-SXM4-40GB MIG 1g.5gb");
        await using var pages = await OpenAsync(StandInDriver.Divided, [new DeviceTrial(Cpu, 2.3), new DeviceTrial(part, 2.3)]);
        pages.Hub.Devices.SlotBooks = () => [new DeviceUse(Cpu, 1, []), new DeviceUse(part, 1, [])];
        var page = pages.Render<DevicesPage>();

        page.WaitForAssertion(() => Assert.Contains("by MIG", page.FindAll("article")[1].TextContent, StringComparison.Ordinal));
        Assert.Contains("40.0 GiB", page.FindAll("article")[1].TextContent, StringComparison.Ordinal);
    }

    /// <summary>A hub whose GPUs lie where the stand-in's do, in the order of the bus.</summary>
    private static Task<HubPages> OpenAsync(string machine, IReadOnlyList<DeviceTrial> trials, string? problem = null, string? remedy = null)
    {
        using var driver = new StandInDriver(machine);
        var hardware = EmptyHub.OneCpuHardware with { Nvidia = Nvml.In([driver.Nvml]).Read() };
        var gpus = trials.Select(trial => trial.Device).Where(device => device.Kind == DeviceRequest.Cuda);
        return HubPages.OpenAsync(
            EmptyHub.OneCpu with
            {
                Backend = "CUDA, libtorch 2.10.0",
                BuiltFor = DeviceRequest.Cuda,
                Problem = problem,
                Remedy = remedy,
                Trials = trials,
                Devices = [.. trials.Where(trial => trial.Problem is null).Select(trial => trial.Device)],
                PciAddresses = gpus.Zip(hardware.Nvidia.Gpus).ToDictionary(pair => pair.First.TorchName, pair => pair.Second.PciAddress),
            }, hardware);
    }
}
