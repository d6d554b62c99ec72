using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Evaluations;

/// <summary>What a network said of each image of a set.</summary>
/// <param name="labels">The truth.</param>
/// <param name="losses">Cross-entropy of each image.</param>
/// <param name="predictions">The class with the highest score, the lowest of equal ones.</param>
/// <param name="confidences">The probability that the network gives to it.</param>
internal sealed class Evaluation(byte[] labels, float[] losses, byte[] predictions, float[] confidences)
{
    private const int MostWorst = 100;

    /// <summary>Mean over the images, summed in double precision. Not a finite number where a single loss is none.</summary>
    public double Loss { get; } = losses.Average(loss => (double)loss);

    /// <summary>Fraction 0..1.</summary>
    public double Accuracy { get; } = (double)labels.Zip(predictions).Count(pair => pair.First == pair.Second) / labels.Length;

    public EpochEvaluated Tell(int epoch, int classes)
    {
        var confusion = new int[classes * classes];
        for (var i = 0; i < labels.Length; i++)
            confusion[(labels[i] * classes) + predictions[i]]++;
        // Sorting is stable: of equal losses the first image comes first.
        var worst = Enumerable.Range(0, labels.Length).OrderByDescending(i => losses[i]).Take(MostWorst)
            .Select(i => new WorstImage(i, labels[i], predictions[i], losses[i], confidences[i]));
        return new EpochEvaluated(epoch, classes, predictions, confusion, [.. worst]);
    }
}
