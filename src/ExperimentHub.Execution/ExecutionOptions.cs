using ExperimentHub.Tracking.Nodes;

namespace ExperimentHub.Execution;

/// <summary>How runs are made to happen on this machine.</summary>
public sealed record ExecutionOptions
{
    /// <summary>The machine's cache of data sets; a folder that already holds IDX files is used as it is.</summary>
    public required string DatasetFolder { get; init; }

    /// <summary>The trainer's executable; null for the one that was built with this hub.</summary>
    public string? TrainerPath { get; init; }

    /// <summary>Runs that may train on the CPU at the same time.</summary>
    public int CpuSlots { get; init; } = 1;

    /// <summary>Runs that may train on one GPU at the same time.</summary>
    public int SlotsPerGpu { get; init; } = 1;

    /// <summary>Memory that a trainer may hold which is started before a run needs it; 0 for none.</summary>
    public long StandbyBytes { get; init; }

    /// <summary>A trainer that says nothing for this long is taken for hung and killed.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A trainer that was asked to stop and has not ended after this long is killed.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The same when the whole hub stops: shorter, because the system that stops the hub waits only ten seconds itself.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Between two beats of this node.</summary>
    public TimeSpan BeatInterval { get; init; } = NodeStore.BeatInterval;

    /// <summary>Between two looks at the rows whose signals may have been lost.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromMinutes(1);
}
