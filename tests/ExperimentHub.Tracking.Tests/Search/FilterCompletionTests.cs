using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Tracking.Tests.Search;

public sealed class FilterCompletionTests
{
    [Theory]
    [InlineData("|", 0, 0, "metrics.test_accuracy")]
    [InlineData("accu|", 0, 4, "metrics.test_accuracy")]
    [InlineData("metrics.te| > 1", 0, 10, "metrics.test_loss")]
    [InlineData("best(metrics.|", 5, 8, "metrics.train_loss")]
    [InlineData("params.optimizer.kind |", 22, 0, "not in (")]
    [InlineData("params.optimizer = |", 19, 0, "'sgd'")]
    [InlineData("params.optimizer = 's|", 19, 2, "'sgd'")]
    [InlineData("params.epochs > |", 16, 0, "5")]
    [InlineData("status = fi|", 9, 2, "finished")]
    [InlineData("status = failed |", 16, 0, "and")]
    [InlineData("(status = failed |", 17, 0, ")")]
    [InlineData("experiment = |", 13, 0, "'tutorial'")]
    [InlineData("tags.owner = |", 13, 0, "'o''brien'")]
    [InlineData("created > n|", 10, 1, "now() - 7d")]
    [InlineData("name is |", 8, 0, "not null")]
    [InlineData("status in (failed|", 11, 6, "failed")]
    [InlineData("model = |", 8, 0, "'simple-nn'")]
    [InlineData("metrics.test_accuracy > |", 24, 0, "95%")]
    [InlineData("metrics.test_accuracy > 95.7|", 24, 4, "95.7%")]
    [InlineData("metrics.test_accuracy in (90|", 26, 2, "90%")]
    [InlineData("metrics.test_accuracy |", 22, 0, "between")]
    [InlineData("metrics.test_accuracy between 90% |", 34, 0, "and")]
    [InlineData("params.momentum > 90|", 18, 2, "90%")]
    [InlineData("duration > 5|", 11, 1, "5m")]
    [InlineData("metrics.memory_bytes > 1|", 23, 1, "1MiB")]
    public async Task Complete_AtTheCaret_SuggestsWhatMayFollow(string text, int from, int length, string suggestion)
    {
        await using var hub = await HubAsync();
        var caret = text.IndexOf('|', StringComparison.Ordinal);
        var completion = await hub.Get<FilterCompletion>().CompleteAsync(text.Remove(caret, 1), caret, TestContext.Current.CancellationToken);
        Assert.Equal((from, length), (completion.From, completion.Length));
        Assert.Contains(suggestion, completion.Items.Select(item => item.Text));
    }

    [Theory]
    [InlineData("metrics.loss > > |")]
    [InlineData("status = 'nonsense' and |")]
    public async Task Complete_AfterAMistake_SuggestsNothing(string text)
    {
        await using var hub = await HubAsync();
        Assert.Empty((await hub.Get<FilterCompletion>().CompleteAsync(text[..^1], text.Length - 1, TestContext.Current.CancellationToken)).Items);
    }

    [Fact]
    public async Task Complete_EveryCaretOfALongFilter_NeverFailsAndStaysInTheText()
    {
        await using var hub = await HubAsync();
        const string Text =
            "not (best(metrics.test_accuracy) >= 0.97 or params.`a b` not ilike 'x%') and created > now() - 7d and tags.\"n\" is not null";
        for (var caret = -1; caret <= Text.Length + 1; caret++)
        {
            var completion = await hub.Get<FilterCompletion>().CompleteAsync(Text, caret, TestContext.Current.CancellationToken);
            Assert.InRange(completion.From, 0, Text.Length);
            Assert.InRange(completion.From + completion.Length, completion.From, Text.Length);
        }
    }

    private static async Task<EmptyHub> HubAsync()
    {
        var hub = await EmptyHub.CreateAsync();
        var run = await hub.FinishAsync("one", new TrainingSpec(), accuracies: [0.5]);
        await hub.Get<ExperimentHub.Tracking.Metrics.MetricWriter>().FlushAsync();
        await hub.Get<RunBulk>().TagAsync(RunTargets.Of([run]), "owner", "o'brien");
        return hub;
    }
}
