using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs.Grid;

namespace ExperimentHub.Web.Tests.Runs.Grid;

public sealed class GridAddressTests
{
    private static readonly GridColumn Accuracy = new(SearchText.Columns("best(metrics.test_accuracy)")[0]);
    private static readonly GridColumn Batch = new(SearchText.Columns("params.batchSize")[0]);

    [Fact]
    public void SortedBy_ClickAfterClick_IsTheBetterEndThenTheOtherThenNone()
    {
        var first = new GridAddress().SortedBy(Accuracy, further: false, MetricDirection.HigherIsBetter);
        var second = first.SortedBy(Accuracy, further: false, MetricDirection.HigherIsBetter);
        Assert.Equal(("best(metrics.test_accuracy) desc", "best(metrics.test_accuracy)", ""),
            (first.OrderBy, second.OrderBy, second.SortedBy(Accuracy, further: false, MetricDirection.HigherIsBetter).OrderBy));
    }

    [Fact]
    public void SortedBy_Further_KeepsTheOthersInTheirPlaces()
    {
        var both = new GridAddress { OrderBy = "name" }.SortedBy(Batch, further: true)
            .SortedBy(Accuracy, further: true, MetricDirection.HigherIsBetter);
        Assert.Equal("name, params.batchSize, best(metrics.test_accuracy) desc", both.OrderBy);
        Assert.Equal("name, params.batchSize desc, best(metrics.test_accuracy) desc", both.SortedBy(Batch, further: true).OrderBy);
        Assert.Equal("params.batchSize desc", both.SortedBy(Batch, further: false).OrderBy);
    }

    [Fact]
    public void WholeFilter_ChosenValues_AreSaidInTheLanguage()
    {
        var address = new GridAddress { Filter = "a or b", Statuses = [RunStatus.Failed, RunStatus.Stopped], Models = ["mlp"], Experiment = "it's" };
        Assert.Equal("(((a or b) and status in ('failed', 'stopped')) and experiment = 'it''s') and model = 'mlp'", address.WholeFilter);
    }

    [Fact]
    public void View_SavedAndOpened_IsTheSameTable()
    {
        var address = new GridAddress
        {
            Filter = "params.lr < 0.1",
            OrderBy = "name desc",
            Chosen = [Batch with { Width = 90, Pinned = true }, Accuracy],
            GroupBy = "params.batchSize",
            IsCompact = true,
        };
        var opened = new GridAddress().Of(address.View);
        Assert.Equal(address.Columns, opened.Columns);
        Assert.Equal((address.Filter, address.OrderBy, address.GroupBy, address.IsCompact),
            (opened.Filter, opened.OrderBy, opened.GroupBy, opened.IsCompact));
    }

    [Fact]
    public void ReadColumns_WrittenParameters_AreTheSameColumns()
    {
        GridColumn[] columns = [Accuracy with { Width = 120 }, Batch with { Pinned = true }];
        var written = new GridAddress { Chosen = columns }.Parameters;
        Assert.Equal(columns, GridAddress.ReadColumns((string?)written["columns"], (string?)written["widths"], (string?)written["pinned"]));
    }

    [Fact]
    public void With_AnotherEpoch_TurnsWhatSpeaksOfOneAndLeavesTheRest()
    {
        Assert.Equal(FigureEpoch.Best, new GridAddress().ShownAt);
        var last = new GridAddress { OrderBy = "at_best(metrics.test_accuracy) desc, name" }.With(FigureEpoch.Last);
        Assert.Equal((FigureEpoch.Last, "metrics.test_accuracy desc, name", "metrics.test_accuracy", "last"),
            (last.ShownAt, last.OrderBy, last.Metric, last.Parameters["at"]));
        var chosen = new GridAddress { Chosen = [Accuracy, new(SearchText.Columns("metrics.test_loss")[0]) { Width = 90 }] };
        Assert.Null(chosen.ShownAt);
        Assert.Equal(["best(metrics.test_accuracy)", "at_best(metrics.test_loss)"],
            chosen.With(FigureEpoch.Best).Columns.Select(column => column.Name));
        Assert.Equal(90, chosen.With(FigureEpoch.Best).Columns[1].Width);
    }

    [Fact]
    public void View_UsualColumnsOfTheLastEpoch_ShowsThemAgain() =>
        Assert.Equal(GridColumn.Usual(FigureEpoch.Last), new GridAddress().Of(new GridAddress { At = FigureEpoch.Last }.View).Columns);

    [Theory]
    [InlineData("at_best(metrics.test_accuracy)", "Accuracy %, best epoch")]
    [InlineData("metrics.test_accuracy", "Accuracy %, last epoch")]
    [InlineData("best(metrics.test_accuracy)", "Accuracy %, best of all")]
    [InlineData("at_best(metrics.test_loss)", "Test loss, best epoch")]
    [InlineData("metrics.test_loss", "Test loss, last epoch")]
    [InlineData("metrics.train_loss", "Train loss, last value")]
    [InlineData("min(metrics.odd_error)", "Odd error, lowest of all")]
    [InlineData("best_epoch", "Epoch, best")]
    [InlineData("status", "Status")]
    public void Whole_AnyColumn_SaysWhichValueItShows(string column, string words) =>
        Assert.Equal(words, new GridColumn(SearchText.Columns(column)[0]).Whole);

    [Theory]
    [InlineData("best(metrics.test_accuracy)", 0.98765, "98.77")]
    [InlineData("metrics.train_loss", 0.123456, "0.1235")]
    [InlineData("metrics.train_loss", double.NaN, "NaN")]
    [InlineData("params.lr", 3e-4, "3e-4")]
    [InlineData("duration", 83.0, "1 m 23 s")]
    [InlineData("metrics.memory_bytes", 1048576.0, "1.0 MiB")]
    [InlineData("epochs_done", 5.0, "5")]
    [InlineData("tags.night", "", "✓")]
    [InlineData("params.model.batchNorm", true, "yes")]
    [InlineData("device", null, "–")]
    public void Text_ValueOfAColumn_IsWrittenAsOnOtherPages(string column, object? value, string text) =>
        Assert.Equal(text, new GridColumn(SearchText.Columns(column)[0]).Text(value));
}
