using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>What an epoch's time depends on most: runs of one kind train at about one pace.</summary>
public readonly record struct RunKind(string Model, string Dataset, int BatchSize, string DeviceGroup)
{
    public static RunKind Of(Training training) => new(training.Model, training.Dataset, training.BatchSize, training.DeviceGroup);
}

/// <summary>When runs that wait will begin, from what runs like them took.</summary>
public sealed class ExpectedStarts(IDbContextFactory<TrackingDb> databases)
{
    /// <summary>So many of the newest runs are looked at: this is asked each second, also where nothing like it was ever trained.</summary>
    private const int LookedAt = 1_000;

    /// <summary>How long runs will take from their start to their end: their epochs at the pace of their kind.</summary>
    /// <returns>By the number of the run; without those whose like has never finished here.</returns>
    public async Task<IReadOnlyDictionary<long, TimeSpan>> DurationsAsync(IReadOnlyCollection<Training> waiting,
        CancellationToken cancellation = default)
    {
        var paces = await PacesAsync([.. waiting.Select(RunKind.Of).Distinct()], cancellation);
        return waiting.Where(training => paces.ContainsKey(RunKind.Of(training)))
            .ToDictionary(training => training.RunNumber,
                training => paces[RunKind.Of(training)] * Math.Max(0, training.PlannedEpochs - training.EpochsDone));
    }

    /// <summary>How long one epoch takes here: the wall time per epoch of the newest finished run of each kind.</summary>
    /// <returns>Without the kinds of which none has finished here.</returns>
    public async Task<IReadOnlyDictionary<RunKind, TimeSpan>> PacesAsync(IReadOnlyCollection<RunKind> kinds, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var paces = new Dictionary<RunKind, TimeSpan>();
        foreach (var kind in kinds)
        {
            var last = await db.Trainings.AsNoTracking().OrderByDescending(training => training.RunNumber).Take(LookedAt)
                .Where(training => training.Model == kind.Model && training.Dataset == kind.Dataset && training.BatchSize == kind.BatchSize
                    && training.DeviceGroup == kind.DeviceGroup
                    && training.EpochsDone > 0 && training.CurrentAttempt == 1
                    && training.Run.Status == RunStatus.Finished && training.Run.StartedAt != null && training.Run.EndedAt != null)
                .OrderByDescending(training => training.RunNumber)
                .Select(training => new { training.Run.StartedAt, training.Run.EndedAt, training.EpochsDone }).FirstOrDefaultAsync(cancellation);
            if (last is not null)
                paces[kind] = (last.EndedAt!.Value - last.StartedAt!.Value) / last.EpochsDone;
        }

        return paces;
    }

    /// <summary>When each of those in a line begins, where each takes the slot that is free first.</summary>
    /// <param name="slots">When each slot is free; null where that is not known.</param>
    /// <param name="durations">Of those who wait, in their order; null where one is not known.</param>
    /// <returns>null from the first on whose start cannot be known.</returns>
    public static IReadOnlyList<DateTime?> Of(IEnumerable<DateTime?> slots, IEnumerable<TimeSpan?> durations)
    {
        // One that nobody knows the end of is taken for the last: the others are free no later than they are.
        var free = slots.Select(slot => slot ?? DateTime.MaxValue).ToList();
        var starts = new List<DateTime?>();
        foreach (var duration in durations)
        {
            var first = free.Count == 0 ? DateTime.MaxValue : free.Min();
            starts.Add(first == DateTime.MaxValue ? null : first);
            if (free.Count > 0)
                free[free.IndexOf(first)] = first == DateTime.MaxValue || duration is null ? DateTime.MaxValue : first + duration.Value;
        }

        return starts;
    }
}
