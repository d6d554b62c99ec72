using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Moves;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Schedules;

/// <summary>What a person types about a schedule.</summary>
/// <param name="Enabled">null leaves it as it is; a new one is on.</param>
public sealed record ScheduleDraft(string Cron, string TimeZone, bool? Enabled = null, bool NewSeedEachTime = true);

/// <summary>A schedule's id, or what is wrong with the draft: <c>cron</c>, <c>timeZone</c> or <c>experiment</c>.</summary>
/// <param name="Conflict">Somebody saved it after the version that the edit began from; nothing was written.</param>
public sealed record ScheduleResult(int? Id, IReadOnlyList<SpecProblem> Problems, bool Conflict = false);

/// <summary>A firing with the run that came of it and the rows of its best and its last epoch; null where none did or it was deleted.</summary>
public sealed record FireDetails(ScheduleFire Fire, Run? Run);

/// <summary>A schedule with the times to come, none while it is off or its experiment archived, and its newest firings, newest first.</summary>
public sealed record ScheduleDetails(Schedule Schedule, string Words, IReadOnlyList<DateTimeOffset> NextFires, IReadOnlyList<FireDetails> Fires);

/// <summary>Schedules and their firings. The clock itself is Quartz's; it hears of changes through <see cref="Changed"/>.</summary>
public sealed class ScheduleStore(IDbContextFactory<TrackingDb> databases, RunQueue queue, IFireTimes fireTimes, TimeProvider time)
{
    /// <summary>The newest firings that <see cref="FindAsync"/> reads: three months of nights.</summary>
    public const int FiresRead = 90;

    /// <summary>Raised with the id of a schedule that was made, changed or deleted, after the database knows.</summary>
    public event Action<int>? Changed;

    /// <summary>Raised with the id of a schedule that fired, whatever came of it, after the database knows.</summary>
    public event Action<int>? Fired;

    /// <summary>What is wrong with a draft, as typed; empty where it can be saved.</summary>
    public IReadOnlyList<SpecProblem> Validate(ScheduleDraft draft)
    {
        var problems = new List<SpecProblem>();
        if (fireTimes.Read(draft.Cron).Problem is { } wrong)
            problems.Add(new SpecProblem("cron", wrong));
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(draft.TimeZone, out var zone) || !zone.HasIanaId)
            problems.Add(new SpecProblem("timeZone",
                $"'{draft.TimeZone}' is not a time zone of the IANA list, such as Europe/Berlin or America/New_York."));
        return problems;
    }

    /// <summary>The next five times of a draft without problems.</summary>
    public IReadOnlyList<DateTimeOffset> Preview(ScheduleDraft draft) =>
        fireTimes.Next(fireTimes.Read(draft.Cron).Cron!, draft.TimeZone, time.GetUtcNow(), 5);

    public async Task<ScheduleResult> CreateAsync(int experimentId, ScheduleDraft draft, CancellationToken cancellation = default)
    {
        if (Validate(draft) is { Count: > 0 } problems)
            return new ScheduleResult(null, problems);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!await db.Experiments.AnyAsync(e => e.Id == experimentId, cancellation))
            return new ScheduleResult(null, [new SpecProblem("experiment", "This experiment no longer exists.")]);
        var schedule = new Schedule
        {
            ExperimentId = experimentId,
            CronTyped = string.Join(' ', CronDraft.Fields(draft.Cron)),
            Cron = fireTimes.Read(draft.Cron).Cron!,
            TimeZone = draft.TimeZone,
            Enabled = draft.Enabled ?? true,
            NewSeedEachTime = draft.NewSeedEachTime,
            CreatedAt = time.GetUtcNow().UtcDateTime,
        };
        db.Schedules.Add(schedule);
        await db.SaveChangesAsync(cancellation);
        Changed?.Invoke(schedule.Id);
        return new ScheduleResult(schedule.Id, []);
    }

    /// <param name="begunFrom">The <see cref="Schedule.Version"/> that the edit began from: a newer one is not written over. null writes over
    /// any.</param>
    public async Task<ScheduleResult> UpdateAsync(int id, ScheduleDraft draft, int? begunFrom = null, CancellationToken cancellation = default)
    {
        if (Validate(draft) is { Count: > 0 } problems)
            return new ScheduleResult(null, problems);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (typed, cron) = (string.Join(' ', CronDraft.Fields(draft.Cron)), fireTimes.Read(draft.Cron).Cron!);
        var changed = await db.Schedules.Where(s => s.Id == id && (begunFrom == null || s.Version <= begunFrom)).ExecuteUpdateAsync(set =>
        {
            set.SetProperty(s => s.CronTyped, typed).SetProperty(s => s.Cron, cron).SetProperty(s => s.TimeZone, draft.TimeZone)
                .SetProperty(s => s.NewSeedEachTime, draft.NewSeedEachTime).SetProperty(s => s.Version, s => s.Version + 1);
            if (draft.Enabled is { } enabled)
                set.SetProperty(s => s.Enabled, enabled);
        }, cancellation);
        if (changed == 0)
        {
            return await db.Schedules.AnyAsync(s => s.Id == id, cancellation)
                ? new ScheduleResult(null, [], Conflict: true)
                : new ScheduleResult(null, [new SpecProblem("cron", "This schedule no longer exists.")]);
        }

        Changed?.Invoke(id);
        return new ScheduleResult(id, []);
    }

    /// <summary>Turns a schedule on or off and leaves the rest of it alone.</summary>
    /// <returns>false where there is no such schedule.</returns>
    public async Task<bool> SwitchAsync(int id, bool enabled, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var found = await db.Schedules.Where(s => s.Id == id).ExecuteUpdateAsync(set => set.SetProperty(s => s.Enabled, enabled), cancellation) > 0;
        if (found)
            Changed?.Invoke(id);
        return found;
    }

    /// <summary>
    /// Turns a schedule off that cannot go on by itself, and leaves a row in its history that says why. One that is off stays as it is.
    /// </summary>
    public async Task HaltAsync(int id, string why, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var halted = await db.TogetherAsync(async () =>
        {
            if (await Only(db, id).Where(s => s.Enabled).ExecuteUpdateAsync(set => set.SetProperty(s => s.Enabled, false), cancellation) == 0)
                return false;
            var now = time.GetUtcNow().UtcDateTime;
            db.ScheduleFires.Add(new ScheduleFire
            {
                ScheduleId = id, Number = await NextNumberAsync(db, id, cancellation), DueAt = now, FiredAt = now,
                Outcome = FireOutcome.Halted, Note = why
            });
            return true;
        }, cancellation);
        if (halted)
            Changed?.Invoke(id);
    }

    /// <summary>Removes a schedule with the record of its firings; the runs that they queued stay.</summary>
    /// <returns>false where there is no such schedule.</returns>
    public async Task<bool> DeleteAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var deleted = await db.Schedules.Where(s => s.Id == id).ExecuteDeleteAsync(cancellation) > 0;
        Changed?.Invoke(id);
        return deleted;
    }

    /// <summary>All schedules, or those of one experiment, with their times to come and the newest firings of each.</summary>
    /// <param name="fires">So many firings of each at most.</param>
    public async Task<IReadOnlyList<ScheduleDetails>> ListAsync(int? experimentId = null, int fires = 1, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await ReadAsync(db, db.Schedules.Where(s => experimentId == null || s.ExperimentId == experimentId), fires, cancellation);
    }

    /// <summary>The schedules that the clock is to fire, by id: those that are on, of experiments that are not archived.</summary>
    public async Task<IReadOnlyList<Schedule>> EnabledAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Schedules.AsNoTracking().Where(s => s.Enabled && s.Experiment.ArchivedAt == null).OrderBy(s => s.Id)
            .ToListAsync(cancellation);
    }

    /// <summary>One schedule with its newest <see cref="FiresRead"/> firings; null where there is none.</summary>
    public async Task<ScheduleDetails?> FindAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await ReadAsync(db, db.Schedules.Where(s => s.Id == id), FiresRead, cancellation)) is [var found] ? found : null;
    }

    /// <summary>
    /// A schedule is due, or a person says "run now": queues a run of the experiment's default spec, unless the run of an earlier firing is still
    /// active. Every firing leaves a row; one that was recorded before (the same due time) changes nothing and returns null.
    /// </summary>
    public async Task<ScheduleFire?> FireAsync(int id, DateTimeOffset dueAt, bool manual, CancellationToken cancellation = default)
    {
        var (fire, queued) = await databases.DecideAsync<(ScheduleFire?, IReadOnlyList<RunId>)>(async db =>
        {
            if (await Due(db, id, manual).FirstOrDefaultAsync(cancellation) is not { } seen)
                return (null, []);
            (ScheduleFire?, IReadOnlyList<RunId>) fired = (null, []);
            var held = await db.TogetherAsync(async () =>
            {
                // Its firings come one after another, whoever fires them, and each sees what came of the one before.
                if (!await db.HoldExperimentAsync(seen.ExperimentId, cancellation)
                    || await Only(db, id).Where(s => s.Enabled == seen.Enabled)
                        .ExecuteUpdateAsync(set => set.SetProperty(s => s.Version, s => s.Version), cancellation) == 0
                    || await Due(db, id, manual).FirstOrDefaultAsync(cancellation) is not { } schedule)
                    return false;
                fired = await FireAsync(db, schedule, dueAt.UtcDateTime, manual, cancellation);
                return true;
            }, cancellation);
            return held ? fired : Decision<(ScheduleFire?, IReadOnlyList<RunId>)>.Overtaken;
        }, cancellation);
        queue.Tell(queued);
        if (fire is not null)
            Fired?.Invoke(id);
        return fire;
    }

    /// <param name="schedule">Held by the caller's transaction.</param>
    /// <returns>The firing, and the run that it queued; null where this due time fired before.</returns>
    private async Task<(ScheduleFire? Fire, IReadOnlyList<RunId> Queued)> FireAsync(TrackingDb db, Schedule schedule, DateTime due, bool manual,
        CancellationToken cancellation)
    {
        var id = schedule.Id;
        if (await db.ScheduleFires.AnyAsync(f => f.ScheduleId == id && f.DueAt == due, cancellation))
            return (null, []);
        var earlier = await db.ScheduleFires.Where(f => f.ScheduleId == id && f.RunId != null).Select(f => f.RunId).ToListAsync(cancellation);
        var active = await db.Runs.Where(r => earlier.Contains(r.Id) && (r.Status == RunStatus.Queued || r.Status == RunStatus.Running))
            .Select(r => r.Name).FirstOrDefaultAsync(cancellation);
        var number = await NextNumberAsync(db, id, cancellation);
        var fire = new ScheduleFire
        {
            ScheduleId = id,
            Number = number,
            DueAt = due,
            FiredAt = time.GetUtcNow().UtcDateTime,
            Manual = manual,
            Outcome = active is null ? FireOutcome.Started : FireOutcome.SkippedOverlap,
            Note = active is null ? null : $"{active} of an earlier firing was still training.",
        };
        IReadOnlyList<RunId> queued = [];
        if (active is null)
        {
            var spec = schedule.Experiment.DefaultSpec;
            if (schedule.NewSeedEachTime)
                spec = spec with { Seed = (spec.Seed + number) % (TrainingSpec.MaxSeed + 1) };
            // The key finds the run of a firing that an older hub wrote in two steps and was ended between them.
            var request = new RunRequest(schedule.Experiment.Name, null, spec, $"schedule-{id}-{due:O}", RunTrigger.Schedule,
                NewSeed: schedule.NewSeedEachTime);
            (var result, queued) = await queue.EnqueueWithinAsync(db, request, cancellation);
            fire.RunId = result.Run;
            if (result.Run is null)
                (fire.Outcome, fire.Note) = (FireOutcome.Refused, string.Join(' ', result.Problems.Select(problem => problem.Message)));
        }

        db.ScheduleFires.Add(fire);
        return (fire, queued);
    }

    /// <summary>A schedule that may fire now, with its experiment: an archived one does not, unless a person asks for it.</summary>
    private static IQueryable<Schedule> Due(TrackingDb db, int id, bool manual) =>
        db.Schedules.AsNoTracking().Include(s => s.Experiment).Where(s => s.Id == id && (manual || (s.Enabled && s.Experiment.ArchivedAt == null)));

    /// <summary>Past the filter of deleted experiments: a condition of a move names columns of its own row alone.</summary>
    private static IQueryable<Schedule> Only(TrackingDb db, int id) => db.Schedules.IgnoreQueryFilters().Where(s => s.Id == id);

    private static async Task<int> NextNumberAsync(TrackingDb db, int id, CancellationToken cancellation) =>
        (await db.ScheduleFires.Where(f => f.ScheduleId == id).MaxAsync(f => (int?)f.Number, cancellation) ?? 0) + 1;

    private async Task<IReadOnlyList<ScheduleDetails>> ReadAsync(TrackingDb db, IQueryable<Schedule> wanted, int fires,
        CancellationToken cancellation)
    {
        var schedules = await wanted.AsNoTracking().Include(s => s.Experiment).Include(s => s.Fires.OrderByDescending(f => f.Number).Take(fires))
            .OrderBy(s => s.Experiment.Name).ThenBy(s => s.Id).AsSplitQuery().ToListAsync(cancellation);
        var ids = schedules.SelectMany(s => s.Fires).Select(f => f.RunId).OfType<RunId>().ToList();
        var runs = await db.Runs.AsNoTracking().Where(r => ids.Contains(r.Id)).ToDictionaryAsync(r => r.Id, cancellation);
        await RunFigures.LoadAsync(db, runs.Values, cancellation);
        return
        [
            .. schedules.Select(s => new ScheduleDetails(s, CronWords.Of(s.Cron),
                s.Enabled && s.Experiment.ArchivedAt is null ? fireTimes.Next(s.Cron, s.TimeZone, time.GetUtcNow(), 5) : [],
                [.. s.Fires.OrderByDescending(f => f.Number)
                    .Select(f => new FireDetails(f, f.RunId is { } run ? runs.GetValueOrDefault(run) : null))])),
        ];
    }
}
