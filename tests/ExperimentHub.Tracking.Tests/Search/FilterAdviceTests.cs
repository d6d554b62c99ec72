using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Tracking.Tests.Search;

/// <summary>What is understood and not meant, and what is recommended instead.</summary>
public sealed class FilterAdviceTests
{
    [Theory]
    [InlineData("metrics.test_accuracy > 95", "no run can meet", "metrics.test_accuracy > 95%")]
    [InlineData("epochs_done > 1 and best(metrics.test_accuracy) >= 97.28", "no run can meet", "best(metrics.test_accuracy) >= 97.28%")]
    [InlineData("metrics.test_accuracy < 95", "every run that has it meets", "metrics.test_accuracy < 95%")]
    [InlineData("metrics.test_accuracy != 95", "every run that has it meets", "metrics.test_accuracy != 95%")]
    [InlineData("metrics.test_accuracy in (0.9, 95)", "95 lies outside", "metrics.test_accuracy in (0.9, 95%)")]
    [InlineData("metrics.test_accuracy between 90 and 95", "90 and 95 lie outside", "metrics.test_accuracy between 90% and 95%")]
    [InlineData("metrics.test_accuracy between 1 and 95", "95 lies outside", "metrics.test_accuracy between 1% and 95%")]
    [InlineData("params.momentum > 90", "no run can meet", "params.momentum > 90%")]
    [InlineData("metrics.test_accuracy > 150", "no run can meet", null)]
    [InlineData("metrics.test_accuracy > 120%", "no run can meet", null)]
    [InlineData("metrics.test_accuracy > 1", "no run can meet", null)]
    [InlineData("metrics.test_accuracy >= 0", "every run that has it meets", null)]
    [InlineData("metrics.test_accuracy < -5%", "no run can meet", null)]
    [InlineData("metrics.test_loss between 2 and 1", "smaller end comes first", "metrics.test_loss between 1 and 2")]
    public async Task Search_DecidedBeforeAnyRun_IsSaidWithTheCorrectedText(string filter, string says, string? instead)
    {
        await using var hub = await HubAsync();
        var search = hub.Get<RunSearch>();
        var warning = Assert.Single((await search.ListAsync(new RunQuery(filter))).Answer!.Warnings);
        Assert.Contains(says, warning.Message, StringComparison.Ordinal);
        Assert.Equal(instead, warning.DidYouMean);
        Assert.Equal(filter.Substring(warning.Position, warning.Length), warning.Found);
        Assert.Equivalent(warning, Assert.Single((await search.CountAsync(new RunQuery(filter))).Answer!.Warnings));
        if (instead is not null)
            Assert.Empty((await search.ListAsync(new RunQuery(Corrected(filter, warning)))).Answer!.Warnings);
    }

    [Theory]
    [InlineData("metrics.test_accuracy > 95%")]
    [InlineData("metrics.test_accuracy > 0.95 and metrics.test_accuracy < 1")]
    [InlineData("metrics.test_accuracy = 1")]
    [InlineData("metrics.test_accuracy < inf")]
    [InlineData("metrics.test_accuracy between 0 and 95%")]
    [InlineData("metrics.test_loss > 95")]
    [InlineData("metrics.cpu_percent > 95")]
    [InlineData("params.batchSize > 95")]
    public async Task Search_ComparisonThatRunsCanMeetOrNot_SaysNothing(string filter)
    {
        await using var hub = await HubAsync();
        hub.Get<MetricWriter>().Append(1, "cpu_percent", [new MetricPoint(1, 1, 150)]);
        await hub.Get<MetricWriter>().FlushAsync();
        Assert.Empty((await hub.Get<RunSearch>().ListAsync(new RunQuery(filter))).Answer!.Warnings);
    }

    [Fact]
    public async Task Search_AccuracyThatSomeRunLogsInPercent_IsNoFraction()
    {
        await using var hub = await HubAsync();
        var writer = hub.Get<MetricWriter>();
        writer.Append(1, "top5_accuracy", [new MetricPoint(1, 1, 97.5)]);
        await writer.FlushAsync();
        var page = (await hub.Get<RunSearch>().ListAsync(new RunQuery("metrics.top5_accuracy > 95"))).Answer!;
        Assert.Single(page.Items);
        Assert.Empty(page.Warnings);
    }

    [Theory]
    [InlineData("accuracy > 95", "metrics.test_accuracy > 95%")]
    [InlineData("name = 'x' or accuracy < 0.5", "metrics.test_accuracy")]
    [InlineData("acc > 95%", "metrics.test_accuracy")]
    [InlineData("testAccuracy > 95", "metrics.test_accuracy > 95%")]
    [InlineData("loss < 1", "metrics.test_loss")]
    [InlineData("train_los < 1", "metrics.train_loss")]
    [InlineData("best(accuracy) > 95", "best(metrics.test_accuracy) > 95%")]
    [InlineData("best(acc) > 0.5", "metrics.test_accuracy")]
    [InlineData("lr < 1", "params.optimizer.learningRate")]
    [InlineData("momentum > 90", "params.optimizer.momentum > 90%")]
    [InlineData("optimizer = 'sgd'", "params.optimizer.kind")]
    [InlineData("owner = 'me'", "tags.owner")]
    [InlineData("statsu = failed", "status")]
    [InlineData("metrcs.accuracy > 95", "metrics.test_accuracy > 95%")]
    [InlineData("accuracy > > 95", "metrics.test_accuracy")]
    public async Task Search_NameThatIsNoAttribute_RecommendsWhatThisHubHas(string filter, string meant)
    {
        await using var hub = await HubAsync();
        var problem = Assert.Single((await hub.Get<RunSearch>().ListAsync(new RunQuery(filter))).Problems);
        Assert.Equal(meant, problem.DidYouMean);
        Assert.Contains($"Did you mean {meant}?", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("metrics.accuracy", problem.Message, StringComparison.Ordinal);
        Assert.Equal(filter.Substring(problem.Position, problem.Length), problem.Found);
        if (!filter.Contains("> >", StringComparison.Ordinal))
            Assert.Empty((await hub.Get<RunSearch>().ListAsync(new RunQuery(Corrected(filter, problem)))).Answer!.Warnings);
    }

    [Theory]
    [InlineData("metrics.accuracy > 95", "metrics.test_accuracy > 95%")]
    [InlineData("metrics.lr > 0", "params.optimizer.learningRate")]
    [InlineData("params.test_accuracy > 95", "metrics.test_accuracy > 95%")]
    [InlineData("tags.lr is not null", "params.optimizer.learningRate")]
    [InlineData("metrics.zebra > 1", null)]
    public async Task Search_NameThatNoRunHas_RecommendsWhatThisHubHas(string filter, string? meant)
    {
        await using var hub = await HubAsync();
        var warning = Assert.Single((await hub.Get<RunSearch>().ListAsync(new RunQuery(filter))).Answer!.Warnings);
        Assert.Equal(meant, warning.DidYouMean);
        Assert.Equal(meant is not null, warning.Message.Contains("Did you mean", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Search_NameThatMayNotStandThere_IsNotRecommended()
    {
        await using var hub = await HubAsync();
        hub.Get<MetricWriter>().Append(1, "learning_rate", [new MetricPoint(1, 1, 0.1)]);
        await hub.Get<MetricWriter>().FlushAsync();
        var search = hub.Get<RunSearch>();
        Assert.Null(Assert.Single((await search.ListAsync(new RunQuery("best(learning_rat) > 1"))).Problems).DidYouMean);
        Assert.Equal("metrics.learning_rate", Assert.Single((await search.ListAsync(new RunQuery("max(learning_rat) > 1"))).Problems).DidYouMean);
        Assert.Null(Assert.Single((await search.ListAsync(new RunQuery("best(owner) > 1"))).Problems).DidYouMean);
    }

    [Fact]
    public async Task Search_HubWithoutRuns_RecommendsNothingThatIsNotThere()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var problem = Assert.Single((await hub.Get<RunSearch>().ListAsync(new RunQuery("accuracy > 95"))).Problems);
        Assert.Null(problem.DidYouMean);
        Assert.Contains("metrics.NAME", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("orderBy")]
    [InlineData("columns")]
    [InlineData("groupBy")]
    [InlineData("metric")]
    [InlineData("export")]
    public async Task Search_NameThatIsNoAttribute_IsAdvisedInEveryPartOfASearch(string part)
    {
        await using var hub = await HubAsync();
        var problem = Assert.Single(part switch
        {
            "orderBy" => (await hub.Get<RunSearch>().ListAsync(new RunQuery(OrderBy: "accuracy desc"))).Problems,
            "columns" => (await hub.Get<RunSearch>().ListAsync(new RunQuery(), "accuracy")).Problems,
            "groupBy" => (await hub.Get<RunGrouping>().GroupAsync(new RunQuery(), "accuracy")).Problems,
            "metric" => (await hub.Get<RunGrouping>().GroupAsync(new RunQuery(), "status", "best(accuracy)")).Problems,
            _ => (await hub.Get<RunExport>().ReadAsync(new RunQuery(), "accuracy")).Problems,
        });
        Assert.Equal("metrics.test_accuracy", problem.DidYouMean);
    }

    private static string Corrected(string filter, SearchProblem problem) =>
        filter[..problem.Position] + problem.DidYouMean + filter[(problem.Position + problem.Length)..];

    private static async Task<EmptyHub> HubAsync()
    {
        var hub = await EmptyHub.CreateAsync();
        var run = await hub.FinishAsync("one", new TrainingSpec(), accuracies: [0.9, 0.957]);
        await hub.Get<MetricWriter>().FlushAsync();
        await hub.Get<RunBulk>().TagAsync(RunTargets.Of([run]), "owner", "me");
        return hub;
    }
}
