using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Trainings;

/// <summary>A row speaks of one epoch of its run.</summary>
public sealed class RunFiguresTests
{
    [Fact]
    public async Task List_BestAndLastEpoch_EachComesWhole()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("up and down", accuracies: [0.5, 0.9, 0.7]);
        await hub.EnqueueAsync(name: "waits");
        await hub.Get<MetricWriter>().FlushAsync();
        var runs = (await hub.Get<RunSearch>().ListAsync(new RunQuery(OrderBy: "name"))).Answer!.Items.Select(row => row.Run).ToList();
        Assert.Equal((2, 0.9, 0.0, 0.1), Rounded(RunFigures.Of(runs[0], FigureEpoch.Best)!));
        Assert.Equal((3, 0.7, 0.2, 0.3), Rounded(RunFigures.Of(runs[0], FigureEpoch.Last)!));
        Assert.Null(RunFigures.Of(runs[1], FigureEpoch.Best));
        Assert.Null(RunFigures.Of(runs[1], FigureEpoch.Last));
    }

    [Fact]
    public async Task Search_ColumnsOfOneEpoch_AreTheFiguresOfThatEpoch()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.FinishAsync("up and down", accuracies: [0.5, 0.9, 0.7]);
        await hub.Get<MetricWriter>().FlushAsync();
        var run = await hub.ReadAsync(id);
        foreach (var (columns, at) in new[] { ("best_epoch, at_best(metrics.test_accuracy), at_best(metrics.test_loss)", FigureEpoch.Best),
            ("epochs_done, metrics.test_accuracy, last(metrics.test_loss)", FigureEpoch.Last) })
        {
            var cells = Assert.Single((await hub.Get<RunSearch>().ListAsync(new RunQuery(), columns)).Answer!.Items).Cells;
            var figures = RunFigures.Of(run, at)!;
            Assert.Equal([(double)figures.Epoch, figures.TestAccuracy, figures.TestLoss], cells.Cast<double>());
        }
    }

    [Fact]
    public async Task Export_MetricWithAndWithoutItsFigure_IsTitledAsItWasAskedFor()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("one", accuracies: 0.9);
        var titles = (await hub.Get<RunExport>()
            .ReadAsync(new RunQuery(), "metrics.test_loss, last(metrics.test_loss), at_best(metrics.test_loss), params.lr")).Answer!.Titles;
        Assert.Equal(["metrics.test_loss", "last(metrics.test_loss)", "at_best(metrics.test_loss)", "params.optimizer.learningRate"], titles);
    }

    [Fact]
    public void AtBest_FilterOfLastValues_SpeaksOfTheBestEpoch()
    {
        const string Filter = "metrics.test_accuracy > 95% and last(metrics.test_loss) < 1 or params.lr = 1 and metric.`a b` is null";
        Assert.Equal(["test_accuracy", "a b"], SearchText.LastValues(Filter));
        Assert.Equal("at_best(metrics.test_accuracy) > 95% and last(metrics.test_loss) < 1 or params.lr = 1 and at_best(metrics.`a b`) is null",
            SearchText.AtBest(Filter));
        Assert.Equal("not a filter", SearchText.AtBest("not a filter"));
    }

    private static (int, double, double, double) Rounded(RunFigures figures) =>
        (figures.Epoch, figures.TestAccuracy, Math.Round(figures.TestLoss, 6), Math.Round(figures.TrainLoss, 6));
}
