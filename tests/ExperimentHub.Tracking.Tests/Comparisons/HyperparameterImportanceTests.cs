using System.Globalization;
using ExperimentHub.Tracking.Comparisons;

namespace ExperimentHub.Tracking.Tests.Comparisons;

public sealed class HyperparameterImportanceTests
{
    [Fact]
    public void Of_MetricMadeOfTwoSettings_PutsThemInTheirOrder()
    {
        var random = new Random(7);
        var runs = Enumerable.Range(0, 80).Select(i =>
        {
            var (rate, model) = (Math.Pow(10, -random.Next(1, 5)), i % 3 == 0 ? "mlp" : "cnn");
            var metric = -Math.Log10(rate) + (model == "cnn" ? 0.7 : 0);
            return ((IReadOnlyDictionary<string, string>)Settings(("rate", Text(rate)), ("model", model), ("seed", Text(random.Next(1000))),
                ("epochs", "5")), (double?)metric);
        }).ToList();

        var importance = HyperparameterImportance.Of(runs);

        Assert.Equal(["rate", "model", "seed"], importance.Select(one => one.Name));
        Assert.True(importance[0].Share > importance[1].Share * 2);
        Assert.True(importance[2].Share < 0.05);
        Assert.Equal(1, importance.Sum(one => one.Share), 9);
        Assert.True(importance[0].Correlation < -0.8);
        Assert.Null(importance[1].Correlation);
        Assert.Equal(importance, HyperparameterImportance.Of(runs));
    }

    [Fact]
    public void Of_TooFewRunsOrNothingThatDiffers_IsEmpty()
    {
        var few = Enumerable.Range(0, HyperparameterImportance.LeastRuns - 1)
            .Select(i => ((IReadOnlyDictionary<string, string>)Settings(("a", Text(i))), (double?)i)).ToList();
        var equal = Enumerable.Range(0, 20).Select(i => ((IReadOnlyDictionary<string, string>)Settings(("a", "1")), (double?)i)).ToList();
        var flat = Enumerable.Range(0, 20).Select(i => ((IReadOnlyDictionary<string, string>)Settings(("a", Text(i))), (double?)1)).ToList();
        Assert.Empty(HyperparameterImportance.Of(few));
        Assert.Empty(HyperparameterImportance.Of(equal));
        Assert.Empty(HyperparameterImportance.Of(flat));
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<string, string> Settings(params (string Name, string Value)[] settings) =>
        settings.ToDictionary(one => one.Name, one => one.Value);
}
