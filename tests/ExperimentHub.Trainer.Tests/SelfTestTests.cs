using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Tests;

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

    [Fact]
    public void Examine_LibTorchFolderMissing_SaysWhichAndWhatToDo()
    {
        var report = SelfTest.Examine("/nowhere/torch/lib");

        Assert.False(report.Works);
        Assert.Contains("/nowhere/torch/lib", report.Problem, StringComparison.Ordinal);
        Assert.Contains("EXPERIMENTHUB_LIBTORCH", report.Remedy, StringComparison.Ordinal);
    }
}
