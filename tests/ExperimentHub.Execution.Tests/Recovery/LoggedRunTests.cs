using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Execution.Tests.Recovery;

/// <summary>Recovery, queue and retries are about trainings: what another program does goes on, whatever becomes of this hub.</summary>
public sealed class LoggedRunTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-logged-{Guid.NewGuid():N}");

    [Theory]
    [InlineData(RunStatus.Running)]
    [InlineData(RunStatus.Interrupted)]
    [InlineData(RunStatus.Queued)]
    public async Task Restarts_RunWithoutATraining_IsLeftAsItIs(RunStatus status)
    {
        using var trainer = new FakeTrainer(FakeTrainer.SayStarted);
        RunId id;
        await using (var hub = await EmptyHub.CreateAsync(existing: _folder))
            id = await LoggedRun.MakeAsync(hub, status: status);
        var before = Row();

        for (var start = 0; start < 3; start++)
        {
            await using var running = await RunningHub.StartAsync(trainer, existing: _folder);
            // The next run of ours is claimed, trained and ended past it; a hub that asked for the other one would have come to it first.
            var ours = await running.RunToEndAsync();
            Assert.Equal(before, Row());
            Assert.True(ours.Training is not null);
            if (start == 1)
                await running.StopWithoutPatienceAsync();
        }

        await using var last = await EmptyHub.CreateAsync(existing: _folder);
        // As a hub that was killed a moment ago finds it.
        Assert.DoesNotContain(id, await last.Get<OrphanedRuns>().InterruptAsync());
        Assert.DoesNotContain(id, await last.Queue.RequeueInterruptedAsync());
        await last.Queue.ResolveAutoAsync();
        Assert.Null(await last.Queue.ClaimAsync("cpu", _ => true));
        Assert.Equal(before, Row());
        await using var db = await last.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.False(await db.Attempts.AnyAsync(attempt => db.Runs.Any(run => run.Id == id && run.Number == attempt.RunNumber)));
    }

    [Fact]
    public async Task Write_OfAnAttemptOfARunWithoutATraining_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync(existing: _folder);
        var run = await hub.ReadAsync(await LoggedRun.MakeAsync(hub, status: RunStatus.Running));
        var before = Row();
        Assert.False(await hub.Recorder.EndAsync(new AttemptKey(run.Number, run.Id, 0), AttemptEnding.Crashed, "no", null));
        Assert.Equal(before, Row());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Everything that the database says of the run.</summary>
    private string Row()
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "hub.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT * FROM \"Runs\" WHERE \"Name\" = 'logged'";
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        return string.Join(" | ", Enumerable.Range(0, row.FieldCount).Select(i => $"{row.GetName(i)} {row.GetValue(i)}"));
    }
}
