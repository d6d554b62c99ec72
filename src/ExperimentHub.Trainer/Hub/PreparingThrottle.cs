using System.Diagnostics;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Hub;

/// <summary>Passes progress of preparations on: every new activity at once, the same activity's fraction a few times a second.</summary>
internal sealed class PreparingThrottle(EventWriter events)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private string? _activity;
    private long _last;

    public void Report(string activity, double? fraction)
    {
        if (activity == _activity && Stopwatch.GetElapsedTime(_last) < Interval)
            return;
        _activity = activity;
        _last = Stopwatch.GetTimestamp();
        events.Send(new Preparing(activity, fraction));
    }
}
