using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Epochs;

/// <summary>
/// The figures of the epochs so far that decide which is best and whether a rule ends the run. The hub keeps them once, a state file names their
/// hash, and everything is decided from them alone: a resumed run decides as an undisturbed one, also by rules that were changed in between. The
/// newest is the last epoch that is done; a run that went on from a checkpoint of the first version knows fewer than its epochs.
/// </summary>
/// <param name="metric">One of <see cref="BestMetrics"/>.</param>
/// <param name="values">That metric after each epoch.</param>
/// <param name="trainLosses">Mean training loss of each epoch.</param>
internal sealed class EpochHistory(string metric, IEnumerable<double> values, IEnumerable<double> trainLosses)
{
    private readonly FigureList _values = new(values);
    private readonly FigureList _trainLosses = new(trainLosses);

    public string Metric => metric;

    public IReadOnlyList<double> Values => _values.Numbers;

    public IReadOnlyList<double> TrainLosses => _trainLosses.Numbers;

    /// <summary>What tells these figures from all others.</summary>
    public string Sha256 => $"{_values.Sha256} {_trainLosses.Sha256}";

    public void Add(EpochFinished epoch)
    {
        _values.Add(ValueOf(metric, epoch));
        _trainLosses.Add(epoch.TrainLoss);
    }

    /// <summary>The best epoch so far, the earliest on a tie, counted backwards from the newest (0); null where none is known.</summary>
    public (int Ago, double Value)? Best =>
        BestEpoch.Of(metric, _values.Numbers) is { } best ? (_values.Numbers.Count - 1 - best, _values.Numbers[best]) : null;

    /// <inheritdoc cref="BestEpoch.IsBetter"/>
    public bool IsBetter(double value, double than, double by = 0) => BestEpoch.IsBetter(metric, value, than, by);

    internal static double ValueOf(string metric, EpochFinished epoch) =>
        BestEpoch.ValueOf(metric, epoch.TrainLoss, epoch.TestLoss, epoch.TestAccuracy, epoch.ValidationLoss, epoch.ValidationAccuracy)
        ?? throw new TrainingFailure($"The best epoch is to be chosen by {metric}, which this run does not have.",
            $"Hold images back for validation, or choose by {BestMetrics.TestAccuracy}.");
}
