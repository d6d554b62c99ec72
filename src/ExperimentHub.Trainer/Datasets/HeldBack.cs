using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>Divides a training set into what is trained on and what is held back to be evaluated.</summary>
internal static class HeldBack
{
    // The orders of the epochs count from 1: no run trains in this one.
    private const int NoEpoch = 0;

    /// <summary>
    /// Which images are held back is a function of the split's seed and the number of images alone. Each image is as likely as any other; that every
    /// class has its share is not promised.
    /// </summary>
    /// <returns>Both in the order of the file; the second is null where nothing is held back.</returns>
    /// <exception cref="TrainingFailure">Nothing would be left to train on.</exception>
    public static (LabelledImages Train, LabelledImages? HeldBack) From(LabelledImages all, ValidationSplit? split)
    {
        if (split is null)
            return (all, null);
        if (split.Samples >= all.Count)
        {
            throw new TrainingFailure($"{split.Samples} images are to be held back for validation, but the training set has {all.Count}.",
                "Hold back fewer images.");
        }

        var shuffled = DataOrder.Of(split.Seed, NoEpoch, all.Count);
        return (Select(all, shuffled[split.Samples..]), Select(all, shuffled[..split.Samples]));
    }

    private static LabelledImages Select(LabelledImages all, long[] chosen)
    {
        Array.Sort(chosen);
        var images = all.Images;
        var size = images.Height * images.Width;
        var (pixels, labels) = (new byte[chosen.Length * size], new byte[chosen.Length]);
        for (var i = 0; i < chosen.Length; i++)
        {
            images.Pixels.AsSpan((int)chosen[i] * size, size).CopyTo(pixels.AsSpan(i * size));
            labels[i] = all.Labels[chosen[i]];
        }

        return new LabelledImages(images with { Pixels = pixels, Count = chosen.Length }, labels);
    }
}
