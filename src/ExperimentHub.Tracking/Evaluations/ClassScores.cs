namespace ExperimentHub.Tracking.Evaluations;

/// <summary>How well one class was told from the others. A score that would divide by zero is null: there is nothing to say.</summary>
/// <param name="Precision">Of the images that were called this class, the part that was; null where none was called so.</param>
/// <param name="Recall">Of the images of this class, the part that was called so; null where the test set has none.</param>
/// <param name="F1">Harmonic mean of the two; null where one of them is.</param>
/// <param name="Support">Images of this class in the test set.</param>
public sealed record ClassScore(int Class, double? Precision, double? Recall, double? F1, int Support);

/// <summary>The scores that follow from a confusion matrix.</summary>
/// <param name="Accuracy">Fraction of all images; null without images.</param>
/// <param name="MacroF1">Mean of the classes' F1 where they have one.</param>
public sealed record ClassScores(IReadOnlyList<ClassScore> Classes, double? Accuracy, double? MacroF1, int Images)
{
    /// <param name="confusion">Images by label and prediction, [label * classes + prediction].</param>
    public static ClassScores Of(int classes, IReadOnlyList<int> confusion)
    {
        var scores = new List<ClassScore>(classes);
        var (right, images) = (0, 0);
        for (var c = 0; c < classes; c++)
        {
            var (support, called) = (0, 0);
            for (var other = 0; other < classes; other++)
            {
                support += confusion[c * classes + other];
                called += confusion[other * classes + c];
            }

            var hit = confusion[c * classes + c];
            var (precision, recall) = (Part(hit, called), Part(hit, support));
            // From the counts, so that a class that was never hit has an F1 of 0 and not of 0/0.
            scores.Add(new ClassScore(c, precision, recall, precision is null || recall is null ? null : 2.0 * hit / (support + called), support));
            right += hit;
            images += support;
        }

        var known = scores.Where(score => score.F1 is not null).ToList();
        return new ClassScores(scores, Part(right, images), known.Count == 0 ? null : known.Average(score => score.F1!.Value), images);
    }

    private static double? Part(int part, int whole) => whole == 0 ? null : (double)part / whole;
}
