using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;

namespace ExperimentHub.Trainer.Epochs;

/// <summary>
/// Whether a rule of the spec ends a training before its last epoch, and why, in words for a person. It is asked with the facts and remembers
/// nothing.
/// </summary>
internal static class EarlyEnd
{
    // An epoch whose training loss fell by less than this part of itself is part of a plateau.
    private const double LeastFall = 0.001;

    /// <summary>Asked when an epoch is done, and again by a run that goes on after it.</summary>
    /// <param name="epoch">The newest in the history.</param>
    /// <param name="seconds">Training time of the run so far.</param>
    /// <returns>null where the training goes on.</returns>
    public static string? AfterEpoch(StopRules? rules, int epoch, EpochHistory history, double seconds) =>
        rules is null ? null : Impatient(rules, epoch, history) ?? Diverged(rules, epoch, history) ?? OnPlateau(rules, epoch, history)
            ?? OutOfTime(rules, seconds);

    /// <summary>Asked within an epoch as well.</summary>
    public static string? OutOfTime(StopRules? rules, double seconds) => seconds >= rules?.MaxSeconds
        ? Text($"The time limit of {rules.MaxSeconds:0.###} s was reached: the run has trained for {seconds:0.0} s.")
        : null;

    private static string? Impatient(StopRules rules, int epoch, EpochHistory history)
    {
        if (rules.Patience is not { } patience || history.Values.Count == 0)
            return null;
        var (reference, waited) = (history.Values[0], 0);
        foreach (var value in history.Values.Skip(1))
            (reference, waited) = history.IsBetter(value, reference, rules.MinDelta) ? (value, 0) : (reference, waited + 1);
        if (waited < patience)
            return null;
        var enough = rules.MinDelta > 0 ? Text($" by more than {rules.MinDelta}") : "";
        return $"The {history.Metric.Replace('_', ' ')} did not get better{enough} in the {Epochs(waited)} after epoch {epoch - waited}, where it was {Value(history.Metric, reference)}.";
    }

    private static string? Diverged(StopRules rules, int epoch, EpochHistory history)
    {
        if (rules.DivergenceFactor is not { } factor || history.TrainLosses.Count < 2)
            return null;
        var (newest, lowest) = (history.TrainLosses[^1], history.TrainLosses.SkipLast(1).Min());
        // Nothing is a multiple of a loss that fell to zero.
        return lowest > 0 && newest >= factor * lowest
            ? Text($"The training diverged: its loss was {newest:G4} in epoch {epoch}, at least {factor} times the {lowest:G4} of the best epoch before.")
            : null;
    }

    private static string? OnPlateau(StopRules rules, int epoch, EpochHistory history)
    {
        if (rules.PlateauEpochs is not { } longest)
            return null;
        var losses = history.TrainLosses;
        var length = 0;
        while (length + 1 < losses.Count && losses[^(length + 2)] - losses[^(length + 1)] < LeastFall * losses[^(length + 2)])
            length++;
        return length >= longest
            ? Text($"The training loss is on a plateau: in each of the {Epochs(length)} up to epoch {epoch} it fell by less than a thousandth, to {losses[^1]:G4}.")
            : null;
    }

    private static string Epochs(int count) => count == 1 ? "1 epoch" : Text($"{count} epochs");

    private static string Value(string metric, double value) =>
        metric is BestMetrics.TestAccuracy or BestMetrics.ValidationAccuracy ? Text($"{value * 100:0.00} %") : Text($"{value:G4}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
