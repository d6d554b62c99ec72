using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Schedules;

/// <summary>What a schedule's newest firing brought.</summary>
/// <param name="Run">null where none was queued or it was deleted.</param>
/// <param name="AccuracyBefore">Best test accuracy of the newest earlier firing whose run has one and did not diverge, 0..1; null where there is none.</param>
/// <param name="SpecBefore">What that run trained: where it is other settings, the gain says nothing of the night.</param>
/// <param name="SettingsChangedAt">When somebody last changed the experiment's settings before this firing; null where nobody did.</param>
/// <param name="Repeats">The run that is the same training and counts instead; null where this one says something new.</param>
public sealed record NightlyResult(
    ScheduleFire Fire, Experiment Experiment, Run? Run, double? AccuracyBefore, TrainingSpec? SpecBefore, DateTime? SettingsChangedAt, Run? Repeats)
{
    /// <summary>The run trained something else than the firing that it is compared with.</summary>
    public bool HasOtherSettings => Run is not null && SpecBefore is not null && !SettingsOfNights.AreSame(SpecBefore, Run.Spec);

    /// <summary>How much better the run is than the firing before it; null while either accuracy is missing, and where there is nothing new to compare.</summary>
    public double? Gain => Repeats is not null || Run?.Diverged == true ? null : Run?.BestTestAccuracy - AccuracyBefore;
}

/// <param name="Schedules">How many schedules there are at all.</param>
/// <param name="Results">At most one for each schedule, the newest first.</param>
public sealed record NightlyListing(int Schedules, IReadOnlyList<NightlyResult> Results);

/// <summary>Reads what the schedules did of late. Nothing here changes anything.</summary>
public sealed class NightlyResults(IDbContextFactory<TrackingDb> databases, TimeProvider time)
{
    /// <summary>How far back "last night" reaches.</summary>
    public static readonly TimeSpan Reach = TimeSpan.FromHours(24);

    /// <summary>The newest firing of every schedule that fired within <see cref="Reach"/>.</summary>
    public async Task<NightlyListing> ReadAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var schedules = await db.Schedules.CountAsync(cancellation);
        if (schedules == 0)
            return new NightlyListing(0, []);
        var since = (time.GetUtcNow() - Reach).UtcDateTime;
        var newest = await (
            from fire in db.ScheduleFires.AsNoTracking()
            join schedule in db.Schedules on fire.ScheduleId equals schedule.Id
            where fire.FiredAt >= since && !db.ScheduleFires.Any(later => later.ScheduleId == fire.ScheduleId && later.Number > fire.Number)
            orderby fire.FiredAt descending
            select new
            {
                Fire = fire,
                schedule.Experiment,
                Run = db.Runs.FirstOrDefault(run => run.Id == fire.RunId),
                Before = (from earlier in db.ScheduleFires
                          join run in db.Runs on earlier.RunId equals run.Id
                          where earlier.ScheduleId == fire.ScheduleId && earlier.Number < fire.Number && run.BestTestAccuracy != null && run.Diverged != true
                          orderby earlier.Number descending
                          select run.BestTestAccuracy).FirstOrDefault(),
                SpecBefore = (from earlier in db.ScheduleFires
                              join run in db.Runs on earlier.RunId equals run.Id
                              where earlier.ScheduleId == fire.ScheduleId && earlier.Number < fire.Number && run.BestTestAccuracy != null && run.Diverged != true
                              orderby earlier.Number descending
                              select run.Spec).FirstOrDefault(),
                SettingsChangedAt = db.SettingsChanges.Where(change => change.ExperimentId == schedule.ExperimentId && change.Number > 1 && change.At <= fire.FiredAt)
                    .OrderByDescending(change => change.Number).Select(change => (DateTime?)change.At).FirstOrDefault(),
            }).ToListAsync(cancellation);
        var results = new List<NightlyResult>();
        foreach (var row in newest)
            results.Add(new NightlyResult(row.Fire, row.Experiment, row.Run, row.Before, row.SpecBefore, row.SettingsChangedAt, row.Run is { } run ? await Evidence.CountedInsteadAsync(db, run, cancellation) : null));
        return new NightlyListing(schedules, results);
    }
}
