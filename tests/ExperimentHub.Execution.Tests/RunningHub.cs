using ExperimentHub.Migrations.Sqlite;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ExperimentHub.Execution.Tests;

/// <summary>Tracking and Execution at work as in the product, with Quartz and its own database, but with a trainer of the test's.</summary>
internal sealed class RunningHub : IAsyncDisposable
{
    private readonly IReadOnlyList<IHostedService> _hosted;
    private bool _stopped;

    private RunningHub(EmptyHub hub)
    {
        Hub = hub;
        _hosted = [.. hub.Services.GetServices<IHostedService>()];
    }

    public EmptyHub Hub { get; }

    public static async Task<RunningHub> StartAsync(
        FakeTrainer trainer, Func<ExecutionOptions, ExecutionOptions>? configure = null, TimeProvider? time = null, string? existing = null,
        Action<IServiceCollection>? services = null)
    {
        var hub = await EmptyHub.CreateAsync((all, folder) =>
        {
            var options = new ExecutionOptions { DatasetFolder = folder.Root, TrainerPath = trainer.Program };
            all.AddSingleton<IHostApplicationLifetime, StartedLifetime>();
            all.AddSingleton(time ?? TimeProvider.System);
            all.AddExecution(configure?.Invoke(options) ?? options, SqliteDatabase.Driver, SqliteDatabase.ConnectionString(folder.QuartzDatabase));
            services?.Invoke(all);
        }, existing);
        var running = new RunningHub(hub);
        foreach (var service in running._hosted)
            await service.StartAsync(CancellationToken.None);
        return running;
    }

    /// <summary>Waits until the run satisfies a condition; the feed says when to look.</summary>
    public async Task<Run> WaitForAsync(RunId id, Func<Run, bool> condition)
    {
        using var changed = new SemaphoreSlim(1);
        using var subscription = Hub.Feed.Listen((_, _) => changed.Release());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            await changed.WaitAsync(limit.Token);
            var run = await Hub.ReadAsync(id);
            if (condition(run))
                return run;
        }
    }

    public Task<Run> WaitForEndAsync(RunId id) => WaitForAsync(id, run => !run.Status.IsActive());

    public async Task<Run> RunToEndAsync(TrainingSpec? spec = null) => await WaitForEndAsync(await Hub.EnqueueAsync(spec));

    /// <summary>Stops the hub as a SIGTERM does.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        Hub.Get<IHostApplicationLifetime>().StopApplication();
        foreach (var service in _hosted.Reverse())
            await service.StopAsync(CancellationToken.None);
    }

    /// <summary>Stops the hub as a host whose patience is at its end: nobody is waited for, and what follows takes everything away.</summary>
    public async Task StopWithoutPatienceAsync()
    {
        _stopped = true;
        Hub.Get<IHostApplicationLifetime>().StopApplication();
        foreach (var service in _hosted.Reverse())
        {
            try
            {
                await service.StopAsync(new CancellationToken(canceled: true));
            }
            catch (OperationCanceledException)
            {
                // It would have liked to wait.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
            await StopAsync();
        await Hub.DisposeAsync();
    }

    /// <summary>A host that has started: Quartz waits for that before it fires anything.</summary>
    private sealed class StartedLifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted { get; } = new(canceled: true);
        public CancellationToken ApplicationStopping => _stopping.Token;
        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();

        public void Dispose() => _stopping.Dispose();
    }
}
