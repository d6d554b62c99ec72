using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>What it would come to if some runs were started now.</summary>
/// <param name="Lasting">From the start of the first to the end of the last, as if nothing else trained; only of those whose like was measured here.
/// null where none was.</param>
/// <param name="Unmeasured">How many are of a kind that has never finished here.</param>
/// <param name="AtOnce">How many of them can train at the same time.</param>
/// <param name="Ahead">Runs that train or wait already where these would.</param>
/// <param name="Repeats">How many are the same training as a run that is there: settings, seed, data and kind of device.</param>
public sealed record RunOutlook(TimeSpan? Lasting, int Unmeasured, int AtOnce, int Ahead, int Repeats);

/// <summary>Looks ahead at runs that nobody has started yet.</summary>
public sealed class PlannedRuns(IDbContextFactory<TrackingDb> databases, ExpectedStarts starts, DeviceInventory devices, DatasetLibrary datasets)
{
    // A run that failed or was stopped has not brought its training to an end: doing it again is no repetition.
    private static readonly RunStatus[] Brings = [RunStatus.Queued, RunStatus.Running, RunStatus.Paused, RunStatus.Interrupted, RunStatus.Finished];

    /// <param name="specs">In the order in which they would be queued; all of them ask for the same device.</param>
    /// <param name="fork">Where all of them start from.</param>
    public async Task<RunOutlook> LookAsync(IReadOnlyList<TrainingSpec> specs, ForkSource? fork = null, CancellationToken cancellation = default)
    {
        if (specs.Count == 0)
            return new RunOutlook(null, 0, 1, 0, 0);
        var asked = DeviceRequest.Of(specs[0]);
        var group = devices.GroupOf(asked);
        var candidates = devices.Candidates(asked).Where(device => devices.Suits(device, asked)).ToHashSet();
        var atOnce = Math.Max(1, devices.Use.Where(use => candidates.Contains(use.Device)).Sum(use => use.Slots));

        List<RunKind> kinds = [.. specs.Select(spec => new RunKind(spec.Model.Kind, spec.Dataset, spec.BatchSize, group))];
        var paces = await starts.PacesAsync([.. kinds.Distinct()], cancellation);
        List<TimeSpan> durations = [.. specs.Zip(kinds).Where(one => paces.ContainsKey(one.Second))
            .Select(one => paces[one.Second] * one.First.Epochs)];

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ahead = await db.Trainings.CountAsync(
            training => training.DeviceGroup == group
                && (training.Run.Status == RunStatus.Queued || training.Run.Status == RunStatus.Running), cancellation);
        return new RunOutlook(durations.Count == 0 ? null : Lasting(durations, atOnce), specs.Count - durations.Count, atOnce, ahead,
            await RepeatsAsync(db, specs, fork, group, cancellation));
    }

    private static TimeSpan Lasting(List<TimeSpan> durations, int atOnce)
    {
        var begin = DateTime.UnixEpoch;
        var begins = ExpectedStarts.Of(Enumerable.Repeat<DateTime?>(begin, atOnce), durations.Select(duration => (TimeSpan?)duration));
        return begins.Zip(durations).Max(one => one.First!.Value + one.Second) - begin;
    }

    private async Task<int> RepeatsAsync(TrackingDb db, IReadOnlyList<TrainingSpec> specs, ForkSource? fork, string group,
        CancellationToken cancellation)
    {
        List<Evidence> planned =
            [.. specs.Select(spec => Evidence.Of(Evidence.RecipeOf(spec, fork), spec.Seed, Sha256Of(spec.Dataset), spec.Dataset, group))];
        string[] recipes = [.. planned.Select(one => one.Recipe).Distinct()];
        long[] seeds = [.. planned.Select(one => one.Seed).Distinct()];
        var there = await db.Trainings.AsNoTracking()
            .Where(training => recipes.Contains(training.Recipe) && seeds.Contains(training.Seed) && Brings.Contains(training.Run.Status))
            .Select(training => new
            {
                training.Recipe,
                training.Seed,
                training.DatasetSha256,
                training.Dataset,
                training.DeviceKind,
                training.DeviceGroup
            }).ToListAsync(cancellation);
        var known = there.Select(run => Evidence.Of(run.Recipe, run.Seed, run.DatasetSha256 ?? Sha256Of(run.Dataset), run.Dataset,
            run.DeviceKind ?? run.DeviceGroup)).ToHashSet();
        return planned.Count(known.Contains);

        // A run that waits has recorded no data yet.
        string? Sha256Of(string dataset) => datasets.Find(dataset)?.Sha256;
    }
}
