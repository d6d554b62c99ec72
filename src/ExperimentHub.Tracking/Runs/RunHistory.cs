using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

/// <summary>Where a run is.</summary>
public sealed record RunState(long Number, RunStatus Status, int? StepsPerEpoch);

/// <summary>How fast a run went.</summary>
/// <param name="EpochSeconds">Wall time of the training part of each finished epoch.</param>
public sealed record RunPace(RunId Id, long Number, int? StepsPerEpoch, IReadOnlyList<double> EpochSeconds);

/// <summary>A run with everything but its curve.</summary>
/// <param name="Family">The runs that it came from or that came from it.</param>
public sealed record RunDetails(Run Run, IReadOnlyList<CheckpointDetails> Checkpoints, string? Waiting, RunFamily Family);

/// <summary>A checkpoint and its place among its run's.</summary>
/// <param name="Best">Of the run's best epoch.</param>
public sealed record CheckpointDetails(Checkpoint File, bool Best, bool Last);

/// <summary>
/// Reads runs that somebody names, and what there is of them; <see cref="Search.RunSearch"/> finds and lists them. Nothing here changes anything.
/// </summary>
public sealed class RunHistory(IDbContextFactory<TrackingDb> databases, DeviceInventory devices)
{
    /// <summary>Whether there is any run at all, archived ones included.</summary>
    /// <param name="experiment">The name of one experiment; null for the hub.</param>
    public async Task<bool> AnyAsync(string? experiment, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Runs.AnyAsync(r => experiment == null || r.Experiment.Name == experiment, cancellation);
    }

    /// <summary>How many runs there are, and how many of them are archived.</summary>
    public async Task<(int All, int Archived)> CountAsync(string experiment, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = db.Runs.Where(r => r.Experiment.Name == experiment);
        return (await runs.CountAsync(cancellation), await runs.CountAsync(r => r.ArchivedAt != null, cancellation));
    }

    public async Task<RunDetails?> FindAsync(RunId id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var run = await db.Runs.AsNoTracking().Include(r => r.Experiment).Include(r => r.Training!.Attempts.OrderBy(a => a.Number))
            .Include(r => r.Checkpoints.OrderBy(c => c.Epoch)).Include(r => r.Training!.PausePoint).Include(r => r.Tags.OrderBy(t => t.Name))
            .AsSplitQuery()
            .FirstOrDefaultAsync(r => r.Id == id, cancellation);
        if (run is null)
            return null;
        run.Training?.EpochResults.AddRange(await EpochsAsync(db, [run.Number], cancellation));
        await ReadParamsAsync(db, [run], cancellation);
        var waiting = run is { Status: RunStatus.Queued, Training: { } training } ? await WhyWaitingAsync(db, training, cancellation) : null;
        return new RunDetails(run, Rank(run), waiting, await RunFamily.OfAsync(db, run, cancellation));
    }

    /// <summary>
    /// The details with what the end of an epoch changed and, where they were told of, the files: not all epochs again, and nothing that stays.
    /// </summary>
    /// <returns>null where the run does not simply go on; then it is to be found anew.</returns>
    public async Task<RunDetails?> FollowAsync(RunDetails details, bool files, CancellationToken cancellation = default)
    {
        if (details.Run is not { Status: RunStatus.Running, Training: { } training } run)
            return null;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!await EndedEpochs.FollowAsync(db, training, cancellation))
            return null;
        if (files)
        {
            var checkpoints = await db.Checkpoints.AsNoTracking().Where(c => c.RunNumber == run.Number).OrderBy(c => c.Epoch)
                .ToListAsync(cancellation);
            run.Checkpoints.Clear();
            run.Checkpoints.AddRange(checkpoints);
        }

        return details with { Checkpoints = Rank(run) };
    }

    /// <summary>All runs of an experiment.</summary>
    public async Task<IReadOnlyList<RunId>> IdsAsync(int experiment, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Runs.Where(r => r.ExperimentId == experiment).Select(r => r.Id).ToListAsync(cancellation);
    }

    /// <summary>What a follower of a run asks again and again; null where there is no such run.</summary>
    public async Task<RunState?> StateAsync(RunId id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Runs.Where(r => r.Id == id).Select(r => new RunState(r.Number, r.Status, r.Training!.StepsPerEpoch))
            .FirstOrDefaultAsync(cancellation);
    }

    /// <summary>What is needed to lay runs' curves over each other, in the order asked for; those that do not exist are left out.</summary>
    public async Task<IReadOnlyList<RunPace>> PacesAsync(IReadOnlyList<RunId> ids, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = await db.Runs.Where(r => ids.Contains(r.Id)).Select(r => new { r.Id, r.Number, r.Training!.StepsPerEpoch })
            .ToDictionaryAsync(r => r.Id, cancellation);
        long[] numbers = [.. runs.Values.Select(run => run.Number)];
        var seconds = (await db.Epochs.Where(e => numbers.Contains(e.RunNumber)).OrderBy(e => e.RunNumber).ThenBy(e => e.Number)
            .Select(e => new { e.RunNumber, e.Seconds }).ToListAsync(cancellation))
            .ToLookup(epoch => epoch.RunNumber, epoch => epoch.Seconds);
        return [.. ids.Distinct().Where(runs.ContainsKey).Select(id => runs[id])
            .Select(run => new RunPace(run.Id, run.Number, run.StepsPerEpoch, [.. seconds[run.Number]]))];
    }

    /// <summary>The runs with their experiments and epochs, in the order asked for; those that do not exist are left out.</summary>
    public async Task<IReadOnlyList<Run>> FindManyAsync(IReadOnlyList<RunId> ids, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var found = await db.Runs.AsNoTracking().Include(r => r.Experiment).Where(r => ids.Contains(r.Id)).ToDictionaryAsync(r => r.Id, cancellation);
        var epochs = await EpochsAsync(db, [.. found.Values.Select(run => run.Number)], cancellation);
        foreach (var group in epochs.ToLookup(epoch => epoch.RunNumber))
            found.Values.Single(run => run.Number == group.Key).Training!.EpochResults.AddRange(group);
        await ReadParamsAsync(db, [.. found.Values], cancellation);
        return [.. ids.Distinct().Where(found.ContainsKey).Select(id => found[id])];
    }

    /// <summary>The names of runs; those that do not exist are left out.</summary>
    public async Task<IReadOnlyDictionary<RunId, string>> NamesAsync(IReadOnlyList<RunId> ids, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Runs.Where(r => ids.Contains(r.Id)).Select(r => new { r.Id, r.Name }).ToDictionaryAsync(r => r.Id, r => r.Name, cancellation);
    }

    /// <summary>The kinds of model that occur. Looks at every run.</summary>
    public async Task<IReadOnlyList<string>> ModelsAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Trainings.Where(t => t.Run.DeletedAt == null).Select(t => t.Model).Distinct().Order().ToListAsync(cancellation);
    }

    /// <summary>The kinds of device that runs were trained on. Looks at every run.</summary>
    public async Task<IReadOnlyList<string>> DevicesAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Trainings.Where(t => t.Run.DeletedAt == null && t.DeviceKind != null).Select(t => t.DeviceKind!).Distinct().Order()
            .ToListAsync(cancellation);
    }

    /// <summary>The experiments' names, the one with the newest run first.</summary>
    public async Task<IReadOnlyList<string>> ExperimentNamesAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Experiments.OrderByDescending(e => e.Runs.Max(r => (long?)r.Number)).Select(e => e.Name).ToListAsync(cancellation);
    }

    private static Task<List<Epoch>> EpochsAsync(TrackingDb db, long[] runs, CancellationToken cancellation) =>
        db.Epochs.AsNoTracking().Where(e => runs.Contains(e.RunNumber)).OrderBy(e => e.RunNumber).ThenBy(e => e.Number).ToListAsync(cancellation);

    /// <summary>Gives runs without a training, whom no spec speaks for, their parameters by name.</summary>
    private static async Task ReadParamsAsync(TrackingDb db, IReadOnlyList<Run> runs, CancellationToken cancellation)
    {
        var logged = runs.Where(run => run.Training is null).ToDictionary(run => run.Number);
        if (logged.Count == 0)
            return;
        var numbers = logged.Keys.ToArray();
        foreach (var param in await db.RunParams.AsNoTracking().Include(param => param.Param).Where(param => numbers.Contains(param.RunNumber))
            .OrderBy(param => param.Param.Name).ToListAsync(cancellation))
            logged[param.RunNumber].Params.Add(param);
    }

    private async Task<string> WhyWaitingAsync(TrackingDb db, Training training, CancellationToken cancellation)
    {
        var ahead = await db.Trainings.CountAsync(
            t => t.Run.Status == RunStatus.Queued && t.DeviceGroup == training.DeviceGroup && t.QueuePosition < training.QueuePosition, cancellation);
        return WaitingLine.Why(devices, training, ahead);
    }

    private static IReadOnlyList<CheckpointDetails> Rank(Run run) =>
        [.. run.Checkpoints.Select(c => new CheckpointDetails(c, c.Epoch == run.Training?.BestEpoch, c == run.Checkpoints[^1]))];
}
