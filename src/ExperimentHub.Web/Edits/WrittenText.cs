using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Edits;

/// <summary>A text that people write together, as it stands.</summary>
/// <param name="Version">Of what it belongs to: an edit names the one that it began from.</param>
/// <param name="TextVersion">The version that changed the text last; one newer than an edit's beginning means that somebody else wrote
/// meanwhile.</param>
public sealed record WrittenText(string Text, int Version, int TextVersion)
{
    public static WrittenText NotesOf(Run run) => new(run.Notes, run.Version, run.NotesVersion);

    public static WrittenText ConclusionOf(Experiment experiment) => new(experiment.Conclusion, experiment.Version, experiment.ConclusionVersion);
}

/// <summary>What became of a text that was to be saved.</summary>
/// <param name="Found">False where what it belongs to is gone.</param>
/// <param name="Problem">Why it was not accepted; null where it was.</param>
/// <param name="Conflict">Somebody else wrote after the edit began; nothing was saved.</param>
public sealed record TextSaved(bool Found, string? Problem = null, bool Conflict = false);
