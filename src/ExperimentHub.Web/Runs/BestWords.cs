using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Runs;

/// <summary>
/// What chose the best of several epochs or runs. Chosen by the test set it looks better than on images that nobody has seen; that is said wherever
/// it is so.
/// </summary>
public static class BestWords
{
    /// <summary>"chosen by test", "chosen by validation loss": the metric that decided.</summary>
    public static string ChosenBy(string metric) => metric switch
    {
        BestMetrics.TestAccuracy => "chosen by test",
        BestMetrics.ValidationAccuracy => "chosen by validation",
        _ => $"chosen by {metric.Replace('_', ' ')}",
    };

    /// <summary>"Best epochs are chosen by test.", or how many of the runs by what; empty where none of them has epochs.</summary>
    public static string Sentence(IEnumerable<Run> runs)
    {
        var metrics = runs.Select(run => run.Training).OfType<Training>().GroupBy(training => BestMetrics.Of(training.Spec))
            .OrderByDescending(group => group.Count()).ToList();
        return metrics.Count == 0 ? ""
            : metrics is [var only] ? $"Best epochs are {ChosenBy(only.Key)}."
            : $"Best epochs are {string.Join(", ", metrics.Select(group => $"{ChosenBy(group.Key)} in {Figures.Count(group.Count())} {(group.Count() == 1 ? "run" : "runs")}"))}.";
    }

    public static bool IsByTest(string metric) => metric is BestMetrics.TestAccuracy or BestMetrics.TestLoss;

    /// <summary>What that means, for a person.</summary>
    public static string Meaning(string metric) => IsByTest(metric)
        ? "Chosen by the images that it is measured with: on new images it will be a little worse. Hold images back to choose by them."
        : "The test images had no part in the choice.";
}
