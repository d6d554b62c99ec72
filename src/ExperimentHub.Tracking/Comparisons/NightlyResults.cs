using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>The last nights of a schedule. What somebody started by hand is no night.</summary>
/// <param name="Nights">Newest first, at least one.</param>
/// <param name="SettingsChangedAt">When somebody last changed the experiment's settings before the newest night; null where nobody did.</param>
/// <param name="Repeats">The run that is the same training as the newest night's and counts instead; null where that one says something new.</param>
public sealed record NightlyResult(Schedule Schedule, IReadOnlyList<FireDetails> Nights, DateTime? SettingsChangedAt, Run? Repeats)
{
    /// <summary>So many earlier nights make a band.</summary>
    private const int FewestOfABand = 3;

    public Experiment Experiment => Schedule.Experiment;

    /// <summary>The newest night.</summary>
    public ScheduleFire Fire => Nights[0].Fire;

    /// <summary>null where none was queued or it was deleted.</summary>
    public Run? Run => Nights[0].Run;

    /// <summary>Best test accuracy of the newest earlier night whose run has one and did not diverge, 0..1; null where there is none.</summary>
    public double? AccuracyBefore => Before?.BestTestAccuracy;

    /// <summary>What that run trained: where it is other settings, the gain says nothing of the night.</summary>
    public TrainingSpec? SpecBefore => Before?.Spec;

    /// <summary>The run trained something else than the night that it is compared with.</summary>
    public bool HasOtherSettings => Run?.Training is { } training && SpecBefore is not null && !SettingsOfNights.AreSame(SpecBefore, training.Spec);

    /// <summary>As <see cref="NightGains"/> has it; null where that says nothing, and where the newest night says nothing new.</summary>
    public double? Gain => Repeats is null && NightGains.Of(Nights).TryGetValue(Fire.Number, out var gain) ? gain : null;

    /// <summary>
    /// The least and the greatest best test accuracy of the earlier nights that trained the same; null where they are too few to say what is usual.
    /// </summary>
    public (double Least, double Greatest)? Band =>
        Run?.Training is { } newest
        && Earlier.Where(training => SettingsOfNights.AreSame(training.Spec, newest.Spec))
            .Select(training => training.BestTestAccuracy!.Value).ToList()
            is { Count: >= FewestOfABand } earlier
            ? (earlier.Min(), earlier.Max()) : null;

    private Training? Before => Earlier.FirstOrDefault();

    /// <summary>Those with a result, newest first.</summary>
    private IEnumerable<Training> Earlier =>
        Nights.Skip(1).Select(night => night.Run?.Training).OfType<Training>()
            .Where(training => training is { BestTestAccuracy: not null, Diverged: not true });
}

/// <param name="Schedules">How many schedules there are at all.</param>
/// <param name="Results">At most one for each schedule, that of the newest night first.</param>
public sealed record NightlyListing(int Schedules, IReadOnlyList<NightlyResult> Results);

/// <summary>Reads what the schedules did of late. Nothing here changes anything.</summary>
public sealed class NightlyResults(IDbContextFactory<TrackingDb> databases)
{
    /// <summary>So many nights of a schedule are read.</summary>
    public const int NightsRead = 14;

    /// <summary>The schedules whose nights are the newest.</summary>
    /// <param name="most">So many schedules at most.</param>
    public async Task<NightlyListing> ReadAsync(int most, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var schedules = await db.Schedules.CountAsync(cancellation);
        var newest = await (
            from schedule in db.Schedules.AsNoTracking().Include(schedule => schedule.Experiment)
            let last = db.ScheduleFires.Where(fire => fire.ScheduleId == schedule.Id && !fire.Manual && fire.Outcome != FireOutcome.Halted)
                .Max(fire => (DateTime?)fire.FiredAt)
            where last != null
            orderby last descending
            select new
            {
                Schedule = schedule,
                SettingsChangedAt = db.SettingsChanges.Where(change => change.ExperimentId == schedule.ExperimentId && change.Number > 1
                    && change.At <= last)
                    .OrderByDescending(change => change.Number).Select(change => (DateTime?)change.At).FirstOrDefault(),
            }).Take(most).ToListAsync(cancellation);
        var results = new List<NightlyResult>();
        foreach (var row in newest)
        {
            var nights = await db.ScheduleFires.AsNoTracking()
                .Where(fire => fire.ScheduleId == row.Schedule.Id && !fire.Manual && fire.Outcome != FireOutcome.Halted)
                .OrderByDescending(fire => fire.Number).Take(NightsRead)
                .Select(fire => new { Fire = fire, Run = db.Runs.FirstOrDefault(run => run.Id == fire.RunId) }).ToListAsync(cancellation);
            // It may have been removed meanwhile, with its nights.
            if (nights is [var last, ..])
                results.Add(new NightlyResult(row.Schedule, [.. nights.Select(night => new FireDetails(night.Fire, night.Run))],
                    row.SettingsChangedAt,
                    last.Run is { } run ? await Evidence.CountedInsteadAsync(db, run, cancellation) : null));
        }

        return new NightlyListing(schedules, results);
    }
}
