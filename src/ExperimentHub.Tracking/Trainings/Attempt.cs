using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>How an attempt ended.</summary>
public enum AttemptEnding
{
    Finished,
    Stopped,

    /// <summary>The trainer said why it cannot go on.</summary>
    Failed,

    /// <summary>The trainer process died without a last word.</summary>
    Crashed,

    /// <summary>The trainer was silent for too long and was killed.</summary>
    Hung,

    /// <summary>The trainer wrote something that is not an event and was killed.</summary>
    Garbled,

    /// <summary>The hub ended.</summary>
    Interrupted,

    /// <summary>A person paused the run.</summary>
    Paused,
}

/// <summary>One trainer process that worked on a run.</summary>
public sealed class Attempt
{
    public long RunNumber { get; init; }

    /// <summary>Counts from 1 within the run.</summary>
    public int Number { get; init; }

    public DateTime StartedAt { get; init; }
    public DateTime? EndedAt { get; set; }
    public AttemptEnding? Ending { get; set; }

    /// <summary>What went wrong, for a person.</summary>
    public string? Error { get; set; }

    /// <summary>The process's exit code where it ended by itself or by a signal (128 + signal).</summary>
    public int? ExitCode { get; set; }

    // Who holds it; see AttemptLeases. null where a hub of before there were nodes did, and where it came with a file.

    /// <summary>The name of the node whose process supervises the trainer, or did.</summary>
    public string? Node { get; init; }

    /// <summary>That process: no other one is this attempt's, of whatever name.</summary>
    public Guid? Life { get; init; }

    /// <summary>Until when nobody may take it from the process that holds it, by <see cref="DatabaseClock"/>.</summary>
    public long? LeaseSeconds { get; set; }

    // Where it went on; both 0 where it began. null before its trainer trained.
    public int? AfterEpoch { get; set; }

    /// <summary>Steps of the next epoch that were done as well.</summary>
    public int? AfterSteps { get; set; }

    // What the numbers of this attempt depend on beside the spec; null before its trainer trained.

    /// <summary>As torch names it: <c>cpu</c> or <c>cuda:0</c>.</summary>
    public string? Device { get; set; }

    public string? DeviceName { get; set; }
    public int? Threads { get; set; }
    public string? TorchVersion { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Attempt>
    {
        public void Configure(EntityTypeBuilder<Attempt> attempt)
        {
            attempt.HasKey(a => new { a.RunNumber, a.Number });
            attempt.Property(a => a.Error).IsCutAt(Limits.Explanation);
            attempt.Property(a => a.Device).IsCutAt(Limits.MachineWord);
            attempt.Property(a => a.DeviceName).IsCutAt(Limits.MachineWord);
            attempt.Property(a => a.TorchVersion).IsCutAt(Limits.MachineWord);
            attempt.Property(a => a.Node).HasMaxLength(ThisNode.MaxNameLength);
            // Those that live are few among many, and each beat asks for its own.
            attempt.HasIndex(a => a.Life).HasFilter("\"EndedAt\" IS NULL");
            attempt.HasOne<Training>().WithMany(t => t.Attempts).HasForeignKey(a => a.RunNumber);
        }
    }
}
