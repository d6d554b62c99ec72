using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Schedules;

/// <summary>Whether two nights trained the same, so that their results can be held against each other.</summary>
public static class SettingsOfNights
{
    /// <summary>Another seed is what a schedule gives each night, and which checkpoints are kept changes no number.</summary>
    public static bool AreSame(TrainingSpec one, TrainingSpec other) => Compared(one) == Compared(other);

    /// <summary>
    /// For each firing the newest earlier one that trained other settings where the one before it did; firings without a run are passed over.
    /// </summary>
    /// <param name="fires">Newest first.</param>
    /// <returns>By the number of the firing: the training of the night before, whose settings were others.</returns>
    public static IReadOnlyDictionary<int, Training> Changes(IReadOnlyList<FireDetails> fires)
    {
        var changes = new Dictionary<int, Training>();
        Training? before = null;
        foreach (var (fire, run) in fires.Reverse())
        {
            if (run?.Training is not { } training)
                continue;
            if (before is not null && !AreSame(before.Spec, training.Spec))
                changes[fire.Number] = before;
            before = training;
        }

        return changes;
    }

    private static TrainingSpec Compared(TrainingSpec spec) => spec.Tidied() with { Seed = 0, Checkpoints = null };
}
