using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Protocol.Models;

/// <summary>About how many bytes a training needs on its device, without torch's own (some 150 MB on a CPU, 500 MB on a GPU).</summary>
/// <param name="Weights">Parameters and buffers.</param>
/// <param name="Gradients">One for each parameter.</param>
/// <param name="OptimizerState">What the optimizer remembers.</param>
/// <param name="Activations">What a step keeps of a batch until its backward pass, and the two greatest gradients of activations beside it.</param>
/// <param name="Data">All images as bytes with their labels, and the order of an epoch. A GPU may keep the training images as numbers, which takes up
/// to a gibibyte more.</param>
public sealed record MemoryEstimate(long Weights, long Gradients, long OptimizerState, long Activations, long Data)
{
    /// <summary>More than any single device of today has for one network of this kind.</summary>
    public const long Max = 128L << 30;

    // Max pooling remembers where its values came from, dropout which ones stayed.
    private const int IndexBytes = sizeof(long);

    public long Total => Weights + Gradients + OptimizerState + Activations + Data;

    public static MemoryEstimate Of(TrainingSpec spec, ModelOutline outline, DatasetInfo data)
    {
        var pixels = (long)data.Height * data.Width;
        var perImage = pixels * sizeof(float) + outline.Steps.Sum(Kept) + 2 * sizeof(float) * outline.Steps.Max(step => step.OutputSize);
        return new MemoryEstimate(
            outline.ParameterBytes + outline.Buffers * sizeof(float),
            outline.ParameterBytes,
            outline.ParameterBytes * spec.Optimizer.StatesPerParameter,
            perImage * spec.BatchSize,
            (data.TrainSamples + (long)data.TestSamples) * (pixels + sizeof(long)) + data.TrainSamples * (long)sizeof(long));
    }

    private static long Kept(LayerOutline step) => step.Layer switch
    {
        // A view of the same numbers.
        FlattenLayer => 0,
        MaxPoolLayer => step.OutputSize * (sizeof(float) + IndexBytes),
        DropoutLayer => step.OutputSize * (sizeof(float) + sizeof(bool)),
        _ => step.OutputSize * sizeof(float),
    };
}
