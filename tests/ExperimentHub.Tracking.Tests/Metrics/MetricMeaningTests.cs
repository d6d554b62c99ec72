using System.Reflection;
using ExperimentHub.Tracking.Metrics;
using static ExperimentHub.Tracking.Tests.Metrics.MetricHub;

namespace ExperimentHub.Tracking.Tests.Metrics;

public sealed class MetricMeaningTests
{
    private static readonly MetricMeaning High = new(MetricDirection.HigherIsBetter);

    /// <summary>What the name would let suppose is the opposite, or nothing.</summary>
    [Theory]
    [InlineData("reward", MetricDirection.HigherIsBetter, 3.0)]
    [InlineData("perplexity", MetricDirection.LowerIsBetter, 1.0)]
    [InlineData("loss_of_hair_prevented", MetricDirection.HigherIsBetter, 3.0)]
    [InlineData("inaccuracy", MetricDirection.LowerIsBetter, 1.0)]
    [InlineData("error_budget", MetricDirection.None, null)]
    public async Task Append_WithAMeaning_IsKeptAndDecidesWhichValueIsBest(string metric, MetricDirection direction, double? best)
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        var meaning = new MetricMeaning(direction, MetricRole.Other, MetricSplit.Validation);
        writer.Append(1, metric, [new(1, 1, 2), new(2, 2, 3)], meaning);
        // Whoever says nothing changes nothing.
        writer.Append(1, metric, [new(3, 3, 1)]);
        await writer.FlushAsync();
        var series = await hub.SummaryAsync(metric);
        Assert.Equal((meaning, best), (series.Meaning, series.Best));
    }

    [Fact]
    public async Task Append_MeaningThatComesLater_IsThatOfTheWholeSeries()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        writer.Append(1, "reward", [new(1, 1, 2), new(2, 2, 1)]);
        await writer.FlushAsync();
        Assert.Null((await hub.SummaryAsync("reward")).Best);
        writer.Append(1, "reward", [new(3, 3, 1.5)], High);
        await writer.FlushAsync();
        Assert.Equal((2.0, 1L), (await hub.SummaryAsync("reward")) is var series ? (series.Best, series.BestStep) : default);
        // Points that are left out because the run has them already say it as well.
        writer.Append(1, "reward", [new(3, 3, 1.5)], new(MetricDirection.LowerIsBetter));
        await writer.FlushAsync();
        Assert.Equal((1.0, 2L, 3L), (await hub.SummaryAsync("reward")) is var again ? (again.Best, again.BestStep, again.Count) : default);
    }

    [Fact]
    public async Task Rewind_KeepsTheMeaningAndTakesTheBestByIt()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        writer.Append(1, "reward", [new(1, 1, 2), new(2, 2, 1), new(3, 3, 5)], High);
        await writer.RewindAsync(1, 2);
        await writer.FlushAsync();
        writer.Append(1, "reward", [new(4, 4, 1)]);
        await writer.FlushAsync();
        Assert.Equal((High, 2.0, 1L), (await hub.SummaryAsync("reward")) is var series ? (series.Meaning, series.Best, series.BestStep) : default);
    }

    [Theory]
    [InlineData("test_accuracy", MetricDirection.HigherIsBetter, MetricRole.Accuracy, MetricSplit.Test)]
    [InlineData("Validation Accuracy", MetricDirection.HigherIsBetter, MetricRole.Accuracy, MetricSplit.Validation)]
    [InlineData("val_loss", MetricDirection.LowerIsBetter, MetricRole.Loss, MetricSplit.Validation)]
    [InlineData("value_loss", MetricDirection.LowerIsBetter, MetricRole.Loss, MetricSplit.None)]
    [InlineData("train_error", MetricDirection.LowerIsBetter, MetricRole.Other, MetricSplit.Train)]
    [InlineData("latest_score", MetricDirection.None, MetricRole.Other, MetricSplit.None)]
    public void Supposed_IsReadFromTheName(string metric, MetricDirection direction, MetricRole role, MetricSplit split) =>
        Assert.Equal(new MetricMeaning(direction, role, split), MetricMeaning.Supposed(metric));

    /// <summary>Whoever gives the hub's trainings another metric says what it means.</summary>
    [Fact]
    public void MeaningOf_EveryMetricOfTheHub_IsDeclared() =>
        Assert.All(typeof(MetricNames).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field is { IsLiteral: true } && field.FieldType == typeof(string)),
            field => Assert.NotNull(TrainingMetrics.MeaningOf((string)field.GetRawConstantValue()!)));

    [Fact]
    public void Agreed_SeriesThatSayNothing_ContradictNobody()
    {
        Assert.Equal(MetricDirection.HigherIsBetter, DirectionsSaid.Of([MetricDirection.None, MetricDirection.HigherIsBetter]).Agreed);
        Assert.Equal((MetricDirection.None, false), DirectionsSaid.Of([MetricDirection.None]) is var none ? (none.Agreed, none.Contradict) : default);
        Assert.Equal((MetricDirection.None, true), DirectionsSaid.Of([MetricDirection.LowerIsBetter, MetricDirection.HigherIsBetter]) is var both
            ? (both.Agreed, both.Contradict) : default);
    }
}
