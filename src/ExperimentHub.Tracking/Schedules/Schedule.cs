using ExperimentHub.Tracking.Experiments;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Schedules;

/// <summary>When an experiment's default spec is trained again by itself.</summary>
public sealed class Schedule
{
    public int Id { get; init; }

    public int ExperimentId { get; init; }
    public Experiment Experiment { get; init; } = null!;

    /// <summary>As the person typed it.</summary>
    public required string CronTyped { get; set; }

    /// <summary>In Quartz's form, made by <see cref="IFireTimes.Read"/>.</summary>
    public required string Cron { get; set; }

    /// <summary>IANA name, such as <c>Europe/Berlin</c>.</summary>
    public required string TimeZone { get; set; }

    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Each firing takes the spec's seed plus its own number, or the next one that no run of the same settings and data has had: so the nights differ
    /// by chance as real retraining does, and each says something new.
    /// </summary>
    public bool NewSeedEachTime { get; set; } = true;

    /// <summary>Counts the edits of when it fires and with which seed. Turning it on and off is no edit.</summary>
    public int Version { get; internal set; } = 1;

    public DateTime CreatedAt { get; init; }

    public List<ScheduleFire> Fires { get; } = [];

    internal sealed class Mapping : IEntityTypeConfiguration<Schedule>
    {
        public void Configure(EntityTypeBuilder<Schedule> schedule)
        {
            schedule.HasOne(s => s.Experiment).WithMany(e => e.Schedules).HasForeignKey(s => s.ExperimentId);
            schedule.Property(s => s.Version).HasDefaultValue(1);
            schedule.HasQueryFilter(s => s.Experiment.DeletedAt == null);
        }
    }
}

public enum FireOutcome
{
    /// <summary>A run was queued.</summary>
    Started,

    /// <summary>The run of an earlier firing was still active.</summary>
    SkippedOverlap,

    /// <summary>The run was refused; the note says why.</summary>
    Refused,

    /// <summary>No firing: the schedule was turned off, because it has no next time that is later than its last; the note says why.</summary>
    Halted,
}

/// <summary>One firing of a schedule: what was due, when it happened, and what came of it.</summary>
public sealed class ScheduleFire
{
    /// <summary>A firing that happens later than this after it was due is shown as late.</summary>
    public static readonly TimeSpan LateAfter = TimeSpan.FromMinutes(2);

    public int Id { get; init; }
    public int ScheduleId { get; init; }

    /// <summary>Counts from 1 within the schedule.</summary>
    public int Number { get; init; }

    /// <summary>When it was due; for "run now" the moment of the click.</summary>
    public DateTime DueAt { get; init; }

    public DateTime FiredAt { get; init; }

    /// <summary>Asked for by a person instead of the clock.</summary>
    public bool Manual { get; init; }

    public FireOutcome Outcome { get; set; }
    public string? Note { get; set; }

    /// <summary>The run that it queued, as long as that exists.</summary>
    public Runs.RunId? RunId { get; set; }

    public bool Late => FiredAt - DueAt > LateAfter;

    internal sealed class Mapping : IEntityTypeConfiguration<ScheduleFire>
    {
        public void Configure(EntityTypeBuilder<ScheduleFire> fire)
        {
            fire.HasOne<Schedule>().WithMany(s => s.Fires).HasForeignKey(f => f.ScheduleId);
            // The clock fires each due time once, however often the hub starts.
            fire.HasIndex(f => new { f.ScheduleId, f.DueAt }).IsUnique();
            fire.Property(f => f.Outcome).HasConversion<string>().HasMaxLength(20);
        }
    }
}
