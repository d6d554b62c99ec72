using ExperimentHub.Protocol.Trainers;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Quartz;

namespace ExperimentHub.Execution.Tests.Scheduling;

/// <summary>A hub whose scheduler starts nothing is not ready, however well its database is.</summary>
public sealed class SchedulerHealthTests
{
    [Fact]
    public async Task Ready_SchedulerThatWorks_IsHealthy()
    {
        using var trainer = new FakeTrainer("exit 0");
        await using var hub = await RunningHub.StartAsync(trainer);
        Assert.Equal(HealthStatus.Healthy, await StatusAsync(hub));
    }

    [Fact]
    public async Task Ready_SchedulerThatSleeps_IsUnhealthy()
    {
        using var trainer = new FakeTrainer($"{FakeTrainer.SayStarted}; {FakeTrainer.Say(new TrainingFinished())}");
        await using var hub = await RunningHub.StartAsync(trainer);
        // It has started when it has started something.
        await hub.RunToEndAsync();
        await (await hub.Hub.Get<ISchedulerFactory>().GetScheduler(TestContext.Current.CancellationToken))
            .Standby(TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Unhealthy, await StatusAsync(hub));
    }

    [Fact]
    public async Task Ready_StoreThatIsGone_IsUnhealthy()
    {
        using var trainer = new FakeTrainer("exit 0");
        await using var hub = await RunningHub.StartAsync(trainer);
        await using (var connection = new SqliteConnection($"Data Source={hub.Hub.Folder.QuartzDatabase};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA foreign_keys = OFF; DROP TABLE QRTZ_JOB_DETAILS; DROP TABLE QRTZ_SCHEDULER_STATE; DROP TABLE QRTZ_TRIGGERS";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(HealthStatus.Unhealthy, await StatusAsync(hub));
    }

    private static async Task<HealthStatus> StatusAsync(RunningHub hub) =>
        (await hub.Hub.Get<HealthCheckService>()
            .CheckHealthAsync(check => check.Tags.Contains("ready"), TestContext.Current.CancellationToken)).Status;
}
