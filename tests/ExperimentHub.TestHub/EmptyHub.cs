using ExperimentHub.Migrations.Sqlite;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.TestHub;

/// <summary>A hub's Tracking room on a real SQLite database in a folder of its own, gone when disposed.</summary>
public sealed class EmptyHub : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private readonly bool _keep;

    private EmptyHub(ServiceProvider services, DataFolder folder, bool keep)
    {
        _keep = keep;
        _services = services;
        Folder = folder;
    }

    public DataFolder Folder { get; }
    public IServiceProvider Services => _services;
    public RunQueue Queue => Get<RunQueue>();
    public RunControl Control => Get<RunControl>();
    public RunRecorder Recorder => Get<RunRecorder>();
    public CheckpointRecorder Checkpoints => Get<CheckpointRecorder>();
    public RunHistory History => Get<RunHistory>();
    public RunFeed Feed => Get<RunFeed>();
    public DeviceInventory Devices => Get<DeviceInventory>();

    public static SelfTestReport OneCpu { get; } = new(true, "2.10.0", "CPU", [new DeviceInfo("cpu", 0, "Test CPU")], 1, 2.3, null, null);

    public static Hardware OneCpuHardware { get; } = new(
        new CpuFacts("Test CPU", 4, 8, 16L << 30, 10L << 30),
        new NvidiaFacts(null, [], "No NVIDIA driver was found on this machine.", "Install one."));

    /// <param name="configure">Adds or replaces services before the provider is built.</param>
    /// <param name="existing">The folder of an earlier hub, which stays when this one is disposed; a new one that goes with it where not
    /// given.</param>
    /// <param name="node">Its name among the hubs of the folder; the host's where not given.</param>
    public static async Task<EmptyHub> CreateAsync(
        Action<IServiceCollection, DataFolder>? configure = null, string? existing = null, bool beginAnew = false, string? node = null)
    {
        var folder = new DataFolder(existing ?? Path.Combine(Path.GetTempPath(), $"experimenthub-test-{Guid.NewGuid():N}"));
        var services = new ServiceCollection().AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddTracking(folder, new DatasetOptions(Path.Combine(folder.Root, "cache")), node: new ThisNode(node ?? ThisNode.HostName));
        services.AddSqliteTracking(folder);
        services.AddSingleton<IFireTimes, NoFireTimes>();
        services.AddSingleton<IHardware>(new FixedHardware());
        configure?.Invoke(services, folder);
        var provider = services.BuildServiceProvider();
        try
        {
            await SqliteDatabase.PrepareAsync(provider, folder, beginAnew);
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }

        return new EmptyHub(provider, folder, keep: existing is not null);
    }

    /// <summary>Stands in where a test is not about schedules; Execution brings the real clockwork.</summary>
    private sealed class NoFireTimes : IFireTimes
    {
        public (string? Cron, string? Problem) Read(string typed) => (typed, null);

        public IReadOnlyList<DateTimeOffset> Next(string cron, string timeZone, DateTimeOffset after, int count) => [];
    }

    /// <summary>A small machine without a GPU; Execution brings the real one.</summary>
    private sealed class FixedHardware : IHardware
    {
        public Hardware Read() => OneCpuHardware;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public async Task<RunId> EnqueueAsync(TrainingSpec? spec = null, string experiment = "tutorial", string? name = null)
    {
        var result = await Queue.EnqueueAsync(new RunRequest(experiment, name, spec ?? new TrainingSpec()));
        return result.Run ?? throw new InvalidOperationException(string.Join(' ', result.Problems.Select(problem => problem.Message)));
    }

    /// <summary>Queues a run and claims it, so that it trains in its first attempt.</summary>
    public async Task<AttemptKey> StartAsync(TrainingSpec? spec = null)
    {
        var id = await EnqueueAsync(spec);
        var group = (await Queue.WaitingGroupAsync(id))!;
        var claimed = await Queue.ClaimAsync(group, _ => true) ?? throw new InvalidOperationException("Nothing to claim.");
        Recorder.Begin(claimed.Key);
        return claimed.Key;
    }

    /// <summary>A finished run with these test accuracies, one epoch each; losses and seconds follow from them.</summary>
    public async Task<RunId> FinishAsync(string name, TrainingSpec? spec = null, DeviceInfo? device = null, double secondsPerEpoch = 0.5,
        params double[] accuracies)
    {
        var id = await EnqueueAsync(spec, name: name);
        var claimed = await Queue.ClaimAsync((await Queue.WaitingGroupAsync(id))!, _ => true)
            ?? throw new InvalidOperationException("Nothing to claim.");
        if (claimed.Key.Run != id)
            throw new InvalidOperationException("Another run waited before this one.");
        Recorder.Begin(claimed.Key);
        await Recorder.StartedAsync(claimed.Key,
            new TrainingStarted(device ?? new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60_000, 10_000, 1875));
        for (var epoch = 1; epoch <= accuracies.Length; epoch++)
        {
            Recorder.Progress(claimed.Key, new TrainingProgress(epoch, epoch * 1875, 1 - accuracies[epoch - 1], 60_000));
            await Recorder.EpochAsync(claimed.Key, new EpochFinished(epoch, 1 - accuracies[epoch - 1], 0.9 - accuracies[epoch - 1],
                accuracies[epoch - 1], secondsPerEpoch)
            {
                Best = accuracies.Take(epoch - 1).All(earlier => earlier < accuracies[epoch - 1]),
            });
        }

        await Recorder.EndAsync(claimed.Key, AttemptEnding.Finished, null, 0);
        return id;
    }

    /// <summary>What this hub holds is a former life's, and is interrupted as at a start.</summary>
    public async Task<IReadOnlyList<RunId>> InterruptAsync()
    {
        await using (var db = await Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            await db.Attempts.Where(a => a.EndedAt == null).ExecuteUpdateAsync(set => set.SetProperty(a => a.Life, Guid.NewGuid()));
        return await Get<OrphanedRuns>().InterruptAsync();
    }

    public async Task<Run> ReadAsync(RunId id) => (await History.FindAsync(id) ?? throw new InvalidOperationException($"No run {id}.")).Run;

    /// <summary>The runs of the hub, archived ones too, the newest first.</summary>
    public async Task<IReadOnlyList<Run>> RunsAsync(RunStatus? status = null) =>
        [.. (await Get<RunSearch>().ListAsync(new RunQuery(SearchText.ArchivedToo, Statuses: status is { } only ? [only] : null),
            pageSize: 100)).Answer!.Items.Select(row => row.Run)];

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (!_keep)
            Directory.Delete(Folder.Root, recursive: true);
    }
}
