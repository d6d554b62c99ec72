namespace ExperimentHub.Tracking.Evaluations;

/// <summary>A test image that one of two networks called right and the other wrong.</summary>
/// <param name="Left">What the first called it.</param>
/// <param name="Right">What the second called it.</param>
public sealed record DifferingImage(int Index, int Label, int Left, int Right);

/// <summary>Where two networks differ on the same test images.</summary>
/// <param name="Confusion">Images of the second minus those of the first, by label and prediction, [label * classes + prediction].</param>
/// <param name="OnlyLeftRight">Images that only the first called right, in the order of the file.</param>
/// <param name="OnlyRightRight">Images that only the second called right.</param>
/// <param name="BothWrong">Images that neither called right.</param>
public sealed record MistakeDifference(
    int Classes, IReadOnlyList<int> Confusion, IReadOnlyList<DifferingImage> OnlyLeftRight, IReadOnlyList<DifferingImage> OnlyRightRight,
    int BothWrong)
{
    /// <param name="labels">Of the test images, in the order of the file; null where the data set is not on this machine, and then no images are
    /// told.</param>
    /// <returns>Null where the two were not of the same images and classes.</returns>
    public static MistakeDifference? Of(Evaluation left, Evaluation right, byte[]? labels)
    {
        if (left.Classes != right.Classes || left.Predictions.Length != right.Predictions.Length
            || (labels is not null && labels.Length != left.Predictions.Length))
            return null;
        List<DifferingImage> onlyLeft = [], onlyRight = [];
        var bothWrong = 0;
        for (var i = 0; i < (labels?.Length ?? 0); i++)
        {
            var image = new DifferingImage(i, labels![i], left.Predictions[i], right.Predictions[i]);
            var (leftIsRight, rightIsRight) = (image.Left == image.Label, image.Right == image.Label);
            if (leftIsRight != rightIsRight)
                (leftIsRight ? onlyLeft : onlyRight).Add(image);
            else if (!leftIsRight)
                bothWrong++;
        }

        return new MistakeDifference(left.Classes, [.. right.Confusion.Zip(left.Confusion, (second, first) => second - first)], onlyLeft,
            onlyRight, bothWrong);
    }
}
