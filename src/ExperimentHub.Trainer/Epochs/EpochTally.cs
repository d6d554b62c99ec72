namespace ExperimentHub.Trainer.Epochs;

/// <summary>
/// What the epoch under way has come to. It is saved when a training pauses, so that the epoch's means are those of all its steps, to the last digit.
/// </summary>
/// <param name="steps">Steps that are done.</param>
/// <param name="lossSum">Sum of their losses.</param>
/// <param name="correct">Images that were right when their step came.</param>
/// <param name="seconds">Wall time so far.</param>
internal sealed class EpochTally(int steps = 0, double lossSum = 0, long correct = 0, double seconds = 0)
{
    public int Steps { get; private set; } = steps;

    public double LossSum { get; private set; } = lossSum;

    public long Correct { get; private set; } = correct;

    public double Seconds { get; set; } = seconds;

    /// <summary>Mean of the steps' losses, summed in double precision as the tutorial's running loss is.</summary>
    public double MeanLoss => LossSum / Steps;

    public void Add(StepResults results)
    {
        Steps += results.Count;
        foreach (var loss in results.Losses)
            LossSum += loss;
        Correct += results.Correct;
    }
}
