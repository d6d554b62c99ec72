using ExperimentHub.Execution.Nodes;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Execution.Tests.Recovery;

/// <summary>Whose attempt is whose: a start takes what nobody can be at work on any more, and leaves alone what a living node holds.</summary>
public sealed class LeaseTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-leases-{Guid.NewGuid():N}");

    [Fact]
    public async Task Start_AttemptOfAnotherNodeThatLives_IsLeftAsItIs()
    {
        var id = await LeaveAsync("elsewhere");
        var before = Rows(id);
        using var trainer = new FakeTrainer($"{FakeTrainer.SayStarted}; {FakeTrainer.Say(new TrainingFinished())}");
        await using var running = await RunningHub.StartAsync(trainer, existing: _folder);
        // The next run is claimed, trained and ended past it.
        Assert.Equal(RunStatus.Finished, (await running.RunToEndAsync()).Status);
        await running.Hub.Get<NodePulse>().BeatAsync(TestContext.Current.CancellationToken);
        Assert.Equal(before, Rows(id));
        Assert.Single(trainer.Pids);
    }

    [Fact]
    public async Task Start_AttemptOfAnotherNodeWhoseLeaseRanOut_IsTakenAndGoesOn()
    {
        var id = await LeaveAsync("elsewhere", lease: 0);
        var run = await StartAndEndAsync(id);
        Assert.Equal(
            ["elsewhere Interrupted", $"{ThisNode.HostName} Finished"], run.Training!.Attempts.Select(attempt => $"{attempt.Node} {attempt.Ending}"));
        Assert.Equal("Node elsewhere, which trained this run, has not been heard of for 60 seconds.", run.Training.Attempts[0].Error);
    }

    [Fact]
    public async Task Start_AttemptOfAnOwnFormerLife_IsTakenAtOnceWhateverItsLease()
    {
        var id = await LeaveAsync(ThisNode.HostName, lease: long.MaxValue);
        var attempts = (await StartAndEndAsync(id)).Training!.Attempts;
        Assert.Equal([AttemptEnding.Interrupted, AttemptEnding.Finished], attempts.Select(attempt => attempt.Ending!.Value));
    }

    [Fact]
    public async Task Start_AttemptOfAHubOfBeforeThereWereLeases_IsTakenAtOnce()
    {
        var id = await LeaveAsync("elsewhere");
        await EditAsync(attempts => attempts.ExecuteUpdateAsync(set =>
            set.SetProperty(a => a.Node, (string?)null).SetProperty(a => a.Life, (Guid?)null).SetProperty(a => a.LeaseSeconds, (long?)null)));
        var attempts = (await StartAndEndAsync(id)).Training!.Attempts;
        Assert.Equal([AttemptEnding.Interrupted, AttemptEnding.Finished], attempts.Select(attempt => attempt.Ending!.Value));
    }

    [Fact]
    public async Task Beat_AfterAnotherNodeTookTheAttempt_EndsTheTrainerAndWritesNothingMore()
    {
        using var trainer = new FakeTrainer($"""
            {FakeTrainer.SayStarted}; {FakeTrainer.SayEpoch(1)}
            trap '' TERM
            while true; do {FakeTrainer.Say(new Heartbeat())}; sleep 0.05; done
            """);
        await using var running = await RunningHub.StartAsync(trainer, existing: _folder);
        var id = await running.Hub.EnqueueAsync();
        await running.WaitForAsync(id, run => run.Training!.EpochsDone == 1);

        await EditAsync(attempts => attempts.ExecuteUpdateAsync(set => set.SetProperty(a => a.LeaseSeconds, 0)));
        await using (var other = await EmptyHub.CreateAsync(existing: _folder, node: "elsewhere"))
        {
            Assert.Equal([id], await other.Get<OrphanedRuns>().InterruptAsync(TestContext.Current.CancellationToken));
            Assert.Equal([id], await other.Queue.RequeueInterruptedAsync(TestContext.Current.CancellationToken));
            Assert.Equal(2, (await other.Queue.ClaimAsync("cpu", _ => true, TestContext.Current.CancellationToken))!.Key.Attempt);
        }

        var before = Rows(id);
        await running.Hub.Get<NodePulse>().BeatAsync(TestContext.Current.CancellationToken);
        await running.WaitForAsync(id, _ => running.Hub.Get<LiveRuns>().Find(id) is null);
        Assert.False(Processes.Lives(Assert.Single(trainer.Pids)));
        Assert.Equal(before, Rows(id));
        // The slot is free again, and the next run gets it.
        await running.Hub.EnqueueAsync();
        await running.WaitForAsync(await running.Hub.EnqueueAsync(), _ => trainer.Pids.Count == 2);
    }

    [Fact]
    public async Task Beat_AfterTheMachineStoodStillForAnHour_KeepsWhatNobodyTook()
    {
        using var trainer = new FakeTrainer($"{FakeTrainer.SayStarted}; {FakeTrainer.Await("go")}; {FakeTrainer.Say(new TrainingFinished())}");
        await using var running = await RunningHub.StartAsync(trainer, existing: _folder);
        var id = await running.Hub.EnqueueAsync();
        await running.WaitForAsync(id, run => run.Training!.StepsPerEpoch is not null);

        await EditAsync(attempts => attempts.ExecuteUpdateAsync(set => set.SetProperty(a => a.LeaseSeconds, a => a.LeaseSeconds - 3600)));
        Assert.Empty(await running.Hub.Get<OrphanedRuns>().InterruptAsync(TestContext.Current.CancellationToken));
        await running.Hub.Get<NodePulse>().BeatAsync(TestContext.Current.CancellationToken);
        await using (var other = await EmptyHub.CreateAsync(existing: _folder, node: "elsewhere"))
        {
            await EditAsync(attempts => attempts.ExecuteUpdateAsync(set => set.SetProperty(a => a.Node, "here")));
            Assert.Empty(await other.Get<OrphanedRuns>().InterruptAsync(TestContext.Current.CancellationToken));
        }

        trainer.Go("go");
        var run = await running.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Finished, 1), (run.Status, run.Training!.Attempts.Count));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A run that a hub of this name trained when its process was gone from one moment to the next.</summary>
    /// <param name="lease">As a beat left it where not given.</param>
    private async Task<RunId> LeaveAsync(string node, long? lease = null)
    {
        await using var hub = await EmptyHub.CreateAsync(existing: _folder, node: node);
        var key = await hub.StartAsync();
        if (lease is { } until)
            await EditAsync(attempts => attempts.ExecuteUpdateAsync(set => set.SetProperty(a => a.LeaseSeconds, until)));
        return key.Run;
    }

    private async Task<Run> StartAndEndAsync(RunId id)
    {
        using var trainer = new FakeTrainer($"{FakeTrainer.SayStarted}; {FakeTrainer.Say(new TrainingFinished())}");
        await using var running = await RunningHub.StartAsync(trainer, existing: _folder);
        return await running.WaitForEndAsync(id);
    }

    private async Task EditAsync(Func<IQueryable<Attempt>, Task<int>> edit)
    {
        await using var hub = await EmptyHub.CreateAsync(existing: _folder);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.True(await edit(db.Attempts.Where(a => a.EndedAt == null)) > 0);
    }

    /// <summary>Everything that the database says of the run, its training and its attempts.</summary>
    private string Rows(RunId id)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "hub.db")};Pooling=False");
        connection.Open();
        var rows = new List<string>();
        foreach (var (table, key) in new[] { ("Runs", "Number"), ("Trainings", "RunNumber"), ("Attempts", "RunNumber"), ("Epochs", "RunNumber") })
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM \"{table}\" WHERE \"{key}\" = (SELECT \"Number\" FROM \"Runs\" WHERE \"Id\" = '{id}')";
            using var row = command.ExecuteReader();
            while (row.Read())
                rows.Add(string.Join(" | ", Enumerable.Range(0, row.FieldCount).Select(i => $"{row.GetName(i)} {row.GetValue(i)}")));
        }

        return string.Join('\n', rows);
    }
}
