using ExperimentHub.Tracking.Schedules;
using MudBlazor;

namespace ExperimentHub.Web.Schedules;

/// <summary>What came of a firing, in words.</summary>
internal static class FireWords
{
    /// <summary>For a firing without a run to show.</summary>
    public static string Outcome(ScheduleFire fire) => fire.Outcome switch
    {
        FireOutcome.SkippedOverlap => "Skipped",
        FireOutcome.Refused => "Refused",
        FireOutcome.Halted => "The schedule stopped itself",
        _ => "Its run was deleted",
    };

    /// <summary><c>late by 3 h</c>; the unit that matters is enough.</summary>
    public static string Late(TimeSpan by) => by switch
    {
        { TotalHours: < 1 } => $"late by {(int)by.TotalMinutes} min",
        { TotalDays: < 2 } => $"late by {(int)by.TotalHours} h",
        _ => $"late by {(int)by.TotalDays} d",
    };

    /// <summary>The answer to "Run now".</summary>
    /// <param name="fire">null where the schedule is gone.</param>
    public static void Tell(this ISnackbar snackbar, ScheduleFire? fire)
    {
        var (text, severity) = fire switch
        {
            null => ("Nothing was started: this schedule no longer exists.", Severity.Error),
            { Outcome: FireOutcome.Started } => ("A run was queued.", Severity.Normal),
            { Outcome: FireOutcome.SkippedOverlap } => ($"Nothing was started: {fire.Note}", Severity.Warning),
            _ => ($"The run was refused: {fire.Note}", Severity.Error),
        };
        snackbar.Add(text, severity);
    }
}
