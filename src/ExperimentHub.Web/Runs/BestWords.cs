using ExperimentHub.Protocol;

namespace ExperimentHub.Web.Runs;

/// <summary>What chose the best of several epochs or runs. Chosen by the test set it looks better than on images that nobody has seen; that is said wherever it is so.</summary>
public static class BestWords
{
    /// <summary>"chosen by test", "chosen by validation loss": the metric that decided.</summary>
    public static string ChosenBy(string metric) => metric switch
    {
        BestMetrics.TestAccuracy => "chosen by test",
        BestMetrics.ValidationAccuracy => "chosen by validation",
        _ => $"chosen by {metric.Replace('_', ' ')}",
    };

    public static bool IsByTest(string metric) => metric is BestMetrics.TestAccuracy or BestMetrics.TestLoss;

    /// <summary>What that means, for a person.</summary>
    public static string Meaning(string metric) => IsByTest(metric)
        ? "Chosen by the images that it is measured with: on new images it will be a little worse. Hold images back to choose by them."
        : "The test images had no part in the choice.";
}
