using ExperimentHub.Protocol;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// The rule that says of a run that it diverged: a function of its spec, of the figures of its epochs and of the number of classes, so that every hub
/// says the same of the same rows. The constants and what they were measured with: docs/decisions/0019-diverged.md.
/// </summary>
public static class Divergence
{
    /// <summary>
    /// Right answers up to this part of the way from guessing to perfect are guesses. A network that names the same class for everything gets there:
    /// 1.5 % of the way on MNIST, whose classes differ a little.
    /// </summary>
    public const double GuessingKappa = 0.1;

    /// <summary>From here on a network has learned something, whatever its loss.</summary>
    public const double LearnedKappa = 0.5;

    /// <summary>Of ln(classes): what always naming the shares of the classes costs where those differ a little. On MNIST that is 99.9 %.</summary>
    public const double GuessingLoss = 0.99;

    /// <summary>
    /// Times ln(classes): what no step of a training costs that stays near where it began. In untrained networks of the catalogue no step cost more
    /// than 1.06 times ln(classes); the mildest training that diverged had a step of 1.32 times, the next ones 4 times and more.
    /// </summary>
    public const double PeakLoss = 1.25;

    /// <summary>Times ln(classes): what a network costs at the end that is far worse than knowing nothing.</summary>
    public const double FarLoss = 2;

    /// <summary>
    /// 24 ln 2: what an image costs whose right class has a probability of 2^-24, where float32 ends to tell it from none. A batch that costs no more
    /// than one such image brings is no sign of anything.
    /// </summary>
    public const double SingleImage = 16.64;

    /// <param name="epochs">In their order.</param>
    /// <param name="peak">The greatest finite training loss of a step; null where steps were not recorded.</param>
    /// <param name="endedNonFinite">The last training loss of a step is no finite number.</param>
    /// <param name="classes">null where nobody knows any more.</param>
    /// <param name="peakBatch">Images in the batch of that step.</param>
    /// <returns>Why it diverged, for a person; null where it did not.</returns>
    public static string? Of(TrainingSpec spec, IReadOnlyList<Epoch> epochs, double? peak, bool endedNonFinite, int? classes, int peakBatch)
    {
        if (endedNonFinite || (epochs is [.., var end] && Losses(end).Any(loss => !double.IsFinite(loss))))
            return "Its loss is no longer a finite number.";
        if (epochs is not [.., var last])
            return null;
        if (spec.StopRules?.DivergenceFactor is { } factor && epochs.Count > 1 && epochs.SkipLast(1).Min(epoch => epoch.TrainLoss) is > 0
            and var lowest && last.TrainLoss >= factor * lowest)
            return $"Its training loss ended at least {Figure(factor)} times as high as in its best epoch, which is its own rule of divergence.";
        if (classes is not >= 2)
            return null;

        var guess = Math.Log(classes.Value);
        var kappa = Kappa(last);
        if (last.TrainLoss >= FarLoss * guess && last.TestLoss >= FarLoss * guess && kappa < LearnedKappa)
            return $"It ended with a loss of {Figure(last.TrainLoss)} in training and {Figure(last.TestLoss)} on the test images, where guessing "
                + $"among {classes} classes costs {Figure(guess)}.";
        if (last.TrainLoss < GuessingLoss * guess || kappa > GuessingKappa)
            return null;
        var guesses = $"It ended no better than guessing among {classes} classes";
        if (epochs.Any(epoch => Kappa(epoch) >= LearnedKappa))
            return $"{guesses}, after an epoch that was far better.";
        return peak >= PeakLoss * guess + SingleImage / Math.Max(1, peakBatch)
            ? $"{guesses}, after a training loss of {Figure(peak.Value)}, where guessing costs {Figure(guess)}." : null;

        double Kappa(Epoch epoch) => (epoch.TestAccuracy - 1.0 / classes.Value) / (1 - 1.0 / classes.Value);
    }

    private static IEnumerable<double> Losses(Epoch epoch) => [epoch.TrainLoss, epoch.TestLoss, epoch.ValidationLoss ?? 0];

    private static string Figure(double value) => value.ToString("G4", System.Globalization.CultureInfo.InvariantCulture);
}
