using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class RunQueueTests
{
    [Fact]
    public async Task Enqueue_SeveralWrongFields_NamesEachAndMakesNothing()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var spec = new TrainingSpec { Epochs = 0, Optimizer = new OptimizerSpec { LearningRate = double.NaN }, Device = "tpu" };
        var result = await hub.Queue.EnqueueAsync(new RunRequest(" ", null, spec));
        Assert.Null(result.Run);
        Assert.Equal(["experiment", "spec.epochs", "spec.optimizer.learningRate", "spec.device"], result.Problems.Select(problem => problem.Field));
        Assert.Empty(await hub.RunsAsync());
    }

    [Fact]
    public async Task Enqueue_SameKeyTwice_IsOneRun()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var request = new RunRequest("tutorial", null, new TrainingSpec(), "key-1");
        var both = await Task.WhenAll(hub.Queue.EnqueueAsync(request), hub.Queue.EnqueueAsync(request));
        Assert.Equal(both[0].Run, both[1].Run);
        Assert.Single(both, result => result.Repeated);
        var other = await hub.Queue.EnqueueAsync(request with { Spec = new TrainingSpec { Epochs = 2 } });
        Assert.Equal("Idempotency-Key", Assert.Single(other.Problems).Field);
    }

    [Fact]
    public async Task Enqueue_ExperimentInOtherCase_IsTheSameExperiment()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var first = await hub.ReadAsync(await hub.EnqueueAsync(experiment: "Tutorial"));
        var second = await hub.ReadAsync(await hub.EnqueueAsync(experiment: " tutorial "));
        Assert.Equal(first.ExperimentId, second.ExperimentId);
    }

    [Fact]
    public async Task Enqueue_ArchivedExperiment_IsRefusedUntilItIsBack()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = (await hub.ReadAsync(await hub.EnqueueAsync(experiment: "old"))).ExperimentId;
        await hub.Get<ExperimentStore>().ArchiveAsync(id, archived: true);
        var request = new RunRequest("Old", null, new TrainingSpec());
        var problem = Assert.Single((await hub.Queue.EnqueueAsync(request)).Problems);
        Assert.Equal(("experiment", "The experiment old is archived. Unarchive it on its page, or choose another name."),
            (problem.Field, problem.Message));
        await hub.Get<ExperimentStore>().ArchiveAsync(id, archived: false);
        Assert.NotNull((await hub.Queue.EnqueueAsync(request)).Run);
    }

    [Fact]
    public async Task EnqueueAll_InANewExperiment_MakesAllInOrderAtOneTime()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync();
        var made = await hub.Queue.EnqueueAllAsync([.. Seeds(1, 2, 3).Select(request => request with { Experiment = "new" })]);
        Assert.Empty(made.Problems);
        Assert.False(made.Repeated);
        List<Run> runs = [.. await Task.WhenAll(made.Runs.Select(hub.ReadAsync))];
        Assert.Equal([1L, 2, 3], runs.Select(run => run.Training!.Seed));
        Assert.Equal([2L, 3, 4], runs.Select(run => run.Number));
        Assert.Equal([2L, 3, 4], runs.Select(run => run.Training!.QueuePosition));
        Assert.All(runs, run => Assert.Equal(made.CreatedAt, run.CreatedAt));
        Assert.Single(runs.Select(run => run.ExperimentId).Distinct());
    }

    [Fact]
    public async Task EnqueueAll_SameKeysTwice_MakesThemOnce()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var requests = Seeds(1, 2, 3);
        var both = await Task.WhenAll(hub.Queue.EnqueueAllAsync(requests), hub.Queue.EnqueueAllAsync(requests));
        Assert.Equal(both[0].Runs, both[1].Runs);
        Assert.Equal(both[0].CreatedAt, both[1].CreatedAt);
        Assert.Single(both, result => result.Repeated);
        Assert.Equal(3, (await hub.RunsAsync()).Count);
    }

    [Fact]
    public async Task EnqueueAll_SomeMadeBefore_MakesOnlyTheRest()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var requests = Seeds(1, 2, 3);
        var first = (await hub.Queue.EnqueueAsync(requests[0])).Run;
        var made = await hub.Queue.EnqueueAllAsync(requests);
        Assert.Equal((first, false, 3), (made.Runs[0], made.Repeated, (await hub.RunsAsync()).Count));
    }

    [Fact]
    public async Task EnqueueAll_OneRefused_MakesNone()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var heard = new List<RunId>();
        using var listening = hub.Feed.Listen((run, _) => heard.Add(run));
        var requests = Seeds(1, 2, 3);
        await hub.Queue.EnqueueAsync(requests[2] with { Spec = new TrainingSpec { Seed = 9 } });
        heard.Clear();
        var wrongKey = await hub.Queue.EnqueueAllAsync(requests);
        Assert.Equal("Idempotency-Key", Assert.Single(wrongKey.Problems).Field);
        var wrongSpec = await hub.Queue.EnqueueAllAsync([requests[0], requests[1] with { Spec = new TrainingSpec { Epochs = 0 } }]);
        Assert.Equal("spec.epochs", Assert.Single(wrongSpec.Problems).Field);
        Assert.Empty(wrongKey.Runs);
        Assert.Single(await hub.RunsAsync());
        Assert.Empty(heard);
    }

    [Fact]
    public async Task EnqueueAll_NewSeeds_AreDifferentOnes()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(new TrainingSpec { Seed = 2 });
        var made = await hub.Queue.EnqueueAllAsync([.. Enumerable.Repeat(new RunRequest("tutorial", null, new TrainingSpec(), NewSeed: true), 3)]);
        Assert.Equal([1L, 3, 4], (await Task.WhenAll(made.Runs.Select(hub.ReadAsync))).Select(run => run.Training!.Seed));
    }

    [Fact]
    public async Task EnqueueAll_MoreThanAtOnce_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var made = await hub.Queue.EnqueueAllAsync(Seeds([.. Enumerable.Range(0, Limits.RunsStartedAtOnce + 1).Select(seed => (long)seed)]));
        Assert.Equal("At most 100 runs can be started at once; these are 101.", Assert.Single(made.Problems).Message);
    }

    [Fact]
    public async Task Claim_FirstRunsDeviceBusy_TakesTheNextThatCanRun()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(new TrainingSpec { Device = "cuda:1" });
        var second = await hub.EnqueueAsync(new TrainingSpec { Device = "cuda:0" });
        var claimed = await hub.Queue.ClaimAsync("cuda", request => request.Index == 0);
        Assert.Equal(second, claimed!.Key.Run);
        Assert.Equal(RunStatus.Running, (await hub.ReadAsync(second)).Status);
    }

    [Fact]
    public async Task Claim_ManyAtOnce_GivesEachRunToOneAttempt()
    {
        await using var hub = await EmptyHub.CreateAsync();
        for (var i = 0; i < 5; i++)
            await hub.EnqueueAsync();
        var claimed = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => hub.Queue.ClaimAsync("cpu", _ => true)));
        Assert.Equal(5, claimed.OfType<ClaimedRun>().Select(run => run.Key.Run).Distinct().Count());
        Assert.Equal(5, claimed.Count(run => run is null));
    }

    [Fact]
    public async Task ResolveAuto_GpuAppears_MovesWaitingAutoRunsAndNoOthers()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var auto = await hub.EnqueueAsync();
        var cpu = await hub.EnqueueAsync(new TrainingSpec { Device = "cpu" });
        hub.Devices.Report = EmptyHub.OneCpu with { Devices = [.. EmptyHub.OneCpu.Devices, new DeviceInfo("cuda", 0, "Test GPU")] };
        await hub.Queue.ResolveAutoAsync();
        Assert.Equal("cuda", await hub.Queue.WaitingGroupAsync(auto));
        Assert.Equal("cpu", await hub.Queue.WaitingGroupAsync(cpu));
    }

    [Theory]
    [InlineData("auto", "bf16", true)]
    [InlineData("cuda", "tf32", true)]
    [InlineData("cuda:0", "bf16", true)]
    [InlineData("cuda:0", "fp32", false)]
    [InlineData("cuda:1", "bf16", false)] // not there: it waits, and says why
    public async Task Enqueue_PrecisionThatNoGpuHereCan_IsRefused(string device, string precision, bool refused)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var gpu = new DeviceInfo("cuda", 0, "Tesla T4");
        hub.Devices.Report = EmptyHub.OneCpu with
        {
            Devices = [.. EmptyHub.OneCpu.Devices, gpu],
            Trials = [new DeviceTrial(gpu, 2.3, Capability: new ComputeCapability(7, 5))],
        };

        var result = await hub.Queue.EnqueueAsync(new RunRequest("tutorial", null, new TrainingSpec { Device = device, Precision = precision }));

        if (refused)
            Assert.Equal(
                ("spec.precision", $"{precision} needs a GPU of compute capability 8.0 (Ampere) or later; cuda:0 (Tesla T4) has 7.5. Choose fp32."),
                (Assert.Single(result.Problems).Field, result.Problems[0].Message));
        else
            Assert.Empty(result.Problems);
    }

    [Fact]
    public async Task Enqueue_AutoInAPrecisionWhereThereIsNoGpu_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        hub.Devices.Report = EmptyHub.OneCpu;

        var result = await hub.Queue.EnqueueAsync(new RunRequest("tutorial", null, new TrainingSpec { Precision = "bf16" }));

        Assert.Equal("bf16 needs a CUDA device; the CPU trains in fp32 only.", Assert.Single(result.Problems).Message);
    }

    [Fact]
    public async Task Waiting_GpuWasReplacedByOneThatCannot_SaysWhyAndStaysQueued()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.EnqueueAsync(new TrainingSpec { Device = "cuda", Precision = "bf16" });
        var gpu = new DeviceInfo("cuda", 0, "Tesla T4");
        hub.Devices.Report = EmptyHub.OneCpu with
        {
            Devices = [.. EmptyHub.OneCpu.Devices, gpu],
            Trials = [new DeviceTrial(gpu, 2.3, Capability: new ComputeCapability(7, 5))],
        };

        Assert.Contains("cuda:0 (Tesla T4) has 7.5", (await hub.History.FindAsync(id))!.Waiting);
        Assert.Null(await hub.Queue.ClaimAsync("cuda", request => hub.Devices.Suits(gpu, request)));
    }

    [Fact]
    public async Task Waiting_CudaWhereThereIsNone_SaysWhyAndStaysQueued()
    {
        await using var hub = await EmptyHub.CreateAsync();
        hub.Devices.Report = EmptyHub.OneCpu;
        var id = await hub.EnqueueAsync(new TrainingSpec { Device = "cuda" });
        var details = await hub.History.FindAsync(id);
        Assert.Contains("No CUDA GPU", details!.Waiting);
        Assert.Null(await hub.Queue.ClaimAsync("cpu", _ => true));
    }

    [Fact]
    public async Task Stop_EachStatus_DoesWhatTheTableAllows()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var running = await hub.StartAsync();
        var queued = await hub.EnqueueAsync();
        Assert.Equal(StopOutcome.Stopped, await hub.Queue.RequestStopAsync(queued));
        Assert.Equal(StopOutcome.AlreadyEnded, await hub.Queue.RequestStopAsync(queued));
        Assert.Equal(StopOutcome.Stopping, await hub.Queue.RequestStopAsync(running.Run));
        Assert.Equal(StopOutcome.NotFound, await hub.Queue.RequestStopAsync(RunId.New(TimeProvider.System)));
        Assert.NotNull((await hub.ReadAsync(running.Run)).Training!.StopRequestedAt);
    }

    private static RunRequest[] Seeds(params long[] seeds) =>
        [.. seeds.Select(seed => new RunRequest("tutorial", null, new TrainingSpec { Seed = seed }, $"key-{seed}"))];
}
