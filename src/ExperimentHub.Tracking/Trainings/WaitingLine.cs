using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>A run that waits.</summary>
/// <param name="Position">Counted from 1 within its group.</param>
/// <param name="Why">What it waits for, as a sentence.</param>
public sealed record WaitingRun(Training Training, int Position, string Why)
{
    public Run Run => Training.Run;
}

/// <summary>The first of those who wait, and how many there are in all.</summary>
public sealed record WaitingListing(IReadOnlyList<WaitingRun> Items, int Total);

/// <summary>Reads the queue in its own order.</summary>
public sealed class WaitingLine(IDbContextFactory<TrackingDb> databases, DeviceInventory devices)
{
    /// <param name="group">Execution group.</param>
    /// <param name="take">How many to read at most.</param>
    public async Task<WaitingListing> ListAsync(string group, int take, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var waiting = db.Trainings.AsNoTrackingWithIdentityResolution().Where(t => t.Run.Status == RunStatus.Queued && t.DeviceGroup == group);
        var total = await waiting.CountAsync(cancellation);
        var first = await waiting.OrderBy(t => t.QueuePosition).ThenBy(t => t.RunNumber).Take(take).Include(t => t.Run.Experiment)
            .ToListAsync(cancellation);
        return new WaitingListing([.. first.Select((training, ahead) => new WaitingRun(training, ahead + 1, Why(devices, training, ahead)))], total);
    }

    /// <summary>What a queued run waits for, as a sentence.</summary>
    /// <param name="ahead">Runs before it in its group.</param>
    internal static string Why(DeviceInventory devices, Training training, int ahead)
    {
        if (devices.Report is null)
            return "Looking for the devices of this machine.";
        var asked = DeviceRequest.Of(training.Spec);
        if (devices.WhyNot(asked) is { } reason)
            return $"{reason} The run waits; it is never moved to another device by itself.";
        var device = training.DeviceGroup == DeviceRequest.Cpu ? "the CPU" : asked.Index is not null ? asked.ToString() : "a GPU";
        return ahead == 0 ? $"Next in line for {device}." : $"Waiting for {device}; {ahead} {(ahead == 1 ? "run" : "runs")} ahead.";
    }
}
