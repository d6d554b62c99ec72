using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Nodes;

/// <summary>
/// Says every few seconds that this node lives and holds what it trains, and finds what is wished of its runs where the signal was lost. Where
/// another process has begun under its name this one ends: each would take the other's runs for those of its own former life.
/// </summary>
internal sealed class NodePulse(
    NodeStore nodes, ThisNode me, AttemptLeases leases, HeldAttempts attempts, RunFeed feed, DeviceInventory devices, StorageWatch storage,
    IHostApplicationLifetime host, ExecutionOptions options, ILogger<NodePulse> logger)
    : BackgroundService
{
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly SemaphoreSlim _soon = new(0);

    /// <summary>Something is new that others should know without waiting for the next beat.</summary>
    public void Soon() => _soon.Release();

    /// <summary>One beat. It waits for nothing: what the database does not take now, the next one says.</summary>
    public async Task BeatAsync(CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            // Before the question: what is claimed while it is asked is not in the answer.
            var held = attempts.Now;
            var beat = await nodes.BeatAsync(NodeDevice.Of(devices.Use), devices.TestedAt, cancellation);
            if (beat == Beat.Replaced)
                End();
            else if (beat == Beat.TestAsked)
                devices.RequestTest();
            if (held.Count > 0)
                await HoldAsync(held, cancellation);
        }
        catch (Exception e) when (storage.Note(e))
        {
            logger.LogDebug(e, "A beat could not be written");
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>
    /// The first beat comes with the devices, or after one interval where they take longer: a start has more to do for whoever waits for a page.
    /// </summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _soon.WaitAsync(options.BeatInterval, stoppingToken);
                await BeatAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The hub stops.
            }
            catch (Exception e)
            {
                logger.LogError(e, "A beat failed; the next one tries again");
            }
        }
    }

    private async Task HoldAsync(IReadOnlyCollection<HeldLease> held, CancellationToken cancellation)
    {
        var mine = (await leases.ProlongAsync(cancellation)).ToDictionary(attempt => attempt.Key);
        foreach (var lease in held)
        {
            if (!mine.TryGetValue(lease.Key, out var attempt))
                lease.Lose();
            else if (lease.Wishes.Remember(attempt.Stop, attempt.Pause))
                feed.Publish(lease.Key.Run, RunSignal.Status); // Nor have screens heard of it.
        }
    }

    private void End()
    {
        logger.LogCritical(
            "Another hub has started as node {Node} on the same database, so this one ends. Give each hub a name of its own with --Hub:Node=<name>.",
            me.Name);
        host.StopApplication();
    }

    public override void Dispose()
    {
        _oneAtATime.Dispose();
        _soon.Dispose();
        base.Dispose();
    }
}
