using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub.Drivers;

namespace ExperimentHub.Trainer.Tests;

[Collection(nameof(Torch))]
public sealed class SelfTestTests
{
    [Fact]
    public async Task SelfTest_AsJson_IsOneLineThatSaysItWorks()
    {
        using var trainer = new TrainerProcess("--selftest", "--json");

        var output = await trainer.OutputAsync();

        Assert.Equal(0, await trainer.ExitCodeAsync());
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var report = ProtocolJson.Read<SelfTestReport>(output);
        Assert.True(report.Works, report.Problem);
        Assert.True(report.Patched); // the build of the tests does not turn the patch off
        Assert.Equal("cpu", report.Devices[0].Kind);
        Assert.Equal(("cpu", "2.10.0"), (report.BuiltFor, report.TorchVersion)); // the tests' own build
        Assert.Equal(report.StepLoss, report.Trials[^1].StepLoss);
        Assert.InRange(report.StepLoss!.Value, 1.5, 4);
    }

    [Fact]
    public async Task SelfTest_ForPeople_ListsTheDevices()
    {
        using var trainer = new TrainerProcess("--selftest");

        Assert.Contains("device:   cpu", await trainer.OutputAsync(), StringComparison.Ordinal);
    }

    /// <summary>Only a GPU takes the step with convolutions; that it is one that trains, the CPU can show.</summary>
    [Fact]
    public void StepsFor_AGpu_AreOfTheTutorialAndOfConvolutionsAndTrain()
    {
        var cpu = new DeviceInfo(DeviceRequest.Cpu, 0, "CPU");
        var steps = SelfTest.StepsFor(DeviceRequest.Cuda);

        Assert.Equal([ModelCatalog.SimpleNn, ModelCatalog.SmallCnn], steps.Select(spec => spec.Model.Kind));
        Assert.All(steps, spec => Assert.InRange(SelfTest.TrainOneStep(cpu, spec), 1.5, 4));
        Assert.Single(SelfTest.StepsFor(DeviceRequest.Cpu));
    }

    [Fact]
    public async Task SelfTest_TorchDoesNotLoad_StillTellsWhichGpuIsWhich()
    {
        Assert.SkipWhen(File.Exists("/proc/driver/nvidia/version"), "this machine has a driver of its own");
        using var driver = new StandInDriver(StandInDriver.Unlike);
        using var trainer = new TrainerProcess(new Dictionary<string, string>
        {
            ["EXPERIMENTHUB_LIBTORCH"] = "/nowhere",
            ["LD_LIBRARY_PATH"] = driver.Folder
        }, "--selftest", "--json");

        var report = ProtocolJson.Read<SelfTestReport>(await trainer.OutputAsync());

        Assert.False(report.Works);
        // By their places on the bus, as nvidia-smi lists them.
        Assert.Equal(["cuda:0 0000:17:00.0", "cuda:1 0000:65:00.0"], report.PciAddresses!.Select(gpu => $"{gpu.Key} {gpu.Value}").Order());
    }

    [Fact]
    public void Examine_LibTorchFolderMissing_SaysWhichAndWhatToDo()
    {
        var report = SelfTest.Examine("/nowhere/torch/lib");

        Assert.False(report.Works);
        Assert.Contains("/nowhere/torch/lib", report.Problem, StringComparison.Ordinal);
        Assert.Contains("EXPERIMENTHUB_LIBTORCH", report.Remedy, StringComparison.Ordinal);
    }
}
