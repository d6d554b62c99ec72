using System.Diagnostics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Telemetry;

/// <summary>
/// The trace of a run, for whoever listens to the source of this <see cref="Name"/>; while nobody does, nothing is made. Its id is the run's own, so
/// that every process that ever has to do with the run adds to the same trace, also after a restart, and nothing has to be remembered or handed on
/// for it. What caused a part of it (a request, a ticket) is linked.
/// </summary>
public static class RunTrace
{
    public const string Name = "ExperimentHub";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>A run has entered the queue, perhaps because of the request that is being answered; each gets a link to the other.</summary>
    public static void Queued(RunId run)
    {
        if (!Source.HasListeners())
            return;
        var cause = Activity.Current;
        using var queued = Source.StartActivity("run queued", ActivityKind.Producer, Root(run), Tags(run), LinkTo(cause));
        if (queued is not null)
            cause?.AddLink(new ActivityLink(queued.Context, new ActivityTagsCollection(Tags(run))));
    }

    /// <summary>A run was given to an attempt.</summary>
    /// <param name="since">Since when it waited; null where that is not known, because it waited before.</param>
    public static void Claimed(RunId run, string group, DateTime? since, DateTime now)
    {
        if (since is not { } from)
            return;
        HubMeter.QueueWait.Record((now - from).TotalSeconds, new KeyValuePair<string, object?>("group", group));
        if (Source.HasListeners())
            Source.StartActivity("run waits", ActivityKind.Internal, Root(run),
                [.. Tags(run), new("experimenthub.group", group)], startTime: from)?.Dispose();
    }

    /// <summary>One attempt, to be disposed at its end. What is started meanwhile is part of it.</summary>
    /// <param name="device">As torch names it.</param>
    public static Activity? StartAttempt(AttemptKey key, string device) =>
        !Source.HasListeners() ? null : Source.StartActivity("attempt", ActivityKind.Consumer, Root(key.Run),
        [.. Tags(key.Run), new("experimenthub.attempt", key.Attempt), new("experimenthub.device", device)], LinkTo(Activity.Current));

    /// <summary>
    /// The trainer's process within an attempt. Its id is what the process is told of the trace (https://www.w3.org/TR/trace-context/).
    /// </summary>
    public static Activity? StartTrainer() => Source.StartActivity("trainer", ActivityKind.Client);

    /// <summary>No process is there from a run's beginning to its end, so nobody tells of this span itself; it holds the others together.</summary>
    private static ActivityContext Root(RunId run)
    {
        var id = run.ToString();
        return new ActivityContext(ActivityTraceId.CreateFromString(id),
            ActivitySpanId.CreateFromString(id.AsSpan(16)), ActivityTraceFlags.Recorded, isRemote: true);
    }

    private static KeyValuePair<string, object?>[] Tags(RunId run) => [new("experimenthub.run", run.ToString())];

    private static ActivityLink[]? LinkTo(Activity? cause) => cause is null ? null : [new ActivityLink(cause.Context)];
}
