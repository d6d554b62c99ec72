using System.Diagnostics;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Devices;

namespace ExperimentHub.Trainer.Tests.Devices;

public sealed class GpuTrialsTests
{
    private static readonly DeviceInfo First = new("cuda", 0, "First");
    private static readonly DeviceInfo Second = new("cuda", 1, "Second");

    [Theory]
    [InlineData("exit 1", "ended with code 1 and said nothing")]
    [InlineData("kill -SEGV $$", "ended with code 139 and said nothing")]
    [InlineData("echo garbage", "Its trial failed")]
    public void TryAll_ProcessThatFails_HidesNoOther(string script, string problem)
    {
        var trials = GpuTrials.TryAll([First, Second], gpu => Shell(gpu == First ? script : Say(Passed(gpu))), TimeSpan.FromMinutes(2));

        Assert.Equal([First, Second], trials.Select(trial => trial.Device));
        Assert.Contains(problem, trials[0].Problem, StringComparison.Ordinal);
        Assert.Equal((null, 2.5), (trials[1].Problem, trials[1].StepLoss));
    }

    [Fact]
    public void TryAll_GpuThatIsBusy_TellsItsReasonAndRemedy()
    {
        var busy = new DeviceTrial(First, null, "The GPU is used by another program alone.", "Wait.", new ComputeCapability(8, 0));

        var trial = Assert.Single(GpuTrials.TryAll([First], _ => Shell(Say(busy)), TimeSpan.FromMinutes(2)));

        Assert.Equal(busy, trial);
    }

    [Fact]
    public void TryAll_ProcessThatNeverAnswers_IsEndedAndSaidSo()
    {
        var trial = Assert.Single(GpuTrials.TryAll([First], _ => Shell("sleep 600"), TimeSpan.FromMilliseconds(200)));

        Assert.Contains("did not train one step within", trial.Problem, StringComparison.Ordinal);
        Assert.Contains("nvidia-smi", trial.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Conclude_OneGpuFails_TheMachineTrainsOnTheOthers()
    {
        var cpu = new DeviceInfo("cpu", 0, "CPU");
        var started = new SelfTestReport(false, "2.10.0", "CUDA", [], 2, null, null, null);
        var failed = new DeviceTrial(First, null, "Busy.", "Wait.");

        var report = SelfTest.Conclude(started, [new DeviceTrial(cpu, 2.3), failed, Passed(Second)], null);

        Assert.True(report.Works);
        Assert.Equal(["cpu", "cuda:1"], report.Devices.Select(device => device.TorchName));
        Assert.Equal([failed], report.Failed);
        Assert.Null(report.Problem);
        var words = SelfTest.Describe(report);
        foreach (var word in new[] { "This machine can train.", "cuda:0, First", "Busy. Wait.", "cuda:1, Second" })
            Assert.Contains(word, words, StringComparison.Ordinal);
    }

    [Fact]
    public void Conclude_NothingPasses_SaysTheFirstReason()
    {
        var started = new SelfTestReport(false, "2.10.0", "CPU", [], 2, null, null, null);

        var report = SelfTest.Conclude(started, [new DeviceTrial(First, null, "Busy.", "Wait."),
            new DeviceTrial(Second, null, "Lost.", "Start again.")], null);

        Assert.Equal((false, "Busy.", "Wait."), (report.Works, report.Problem, report.Remedy));
    }

    private static DeviceTrial Passed(DeviceInfo gpu) => new(gpu, 2.5);

    private static string Say(DeviceTrial trial) =>
        $"echo '{ProtocolJson.Write(new SelfTestReport(trial.Problem is null, "2.10.0", "CUDA", [], 1, trial.StepLoss, null, null) { Trials = [trial] })}'";

    private static ProcessStartInfo Shell(string script) => new("/bin/sh", ["-c", script]);
}
