using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Compare;

namespace ExperimentHub.Web.Tests.Compare;

public sealed class ComparisonTests
{
    private static readonly DeviceInfo Gpu = new("cuda", 0, "Test GPU");

    [Fact]
    public async Task Comparison_Results_MarkTheBestAndCarryDeltasFromTheBaseline()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var comparison = await CompareAsync(hub, 1,
            await hub.FinishAsync("a", accuracies: [0.80, 0.86]),
            await hub.FinishAsync("b", accuracies: [0.90, 0.84]),
            await hub.FinishAsync("c", accuracies: [0.85, 0.85]));

        var best = Row(comparison, "test accuracy");
        Assert.Equal(["86.00 %", "90.00 %", "85.00 %"], best.Cells.Select(cell => cell.Text));
        Assert.Equal(["−4.00", null, "−5.00"], best.Cells.Select(cell => cell.Delta));
        Assert.Equal([false, null, false], best.Cells.Select(cell => cell.Better));
        Assert.Equal([false, true, false], best.Cells.Select(cell => cell.Best));

        // A smaller loss is the better one, at the same epochs: a has 0.04, b 0.00, c 0.05.
        var loss = Row(comparison, "test loss");
        Assert.Equal(["+0.0400", null, "+0.0500"], loss.Cells.Select(cell => cell.Delta));
        Assert.Equal([false, null, false], loss.Cells.Select(cell => cell.Better));
        Assert.Equal([false, true, false], loss.Cells.Select(cell => cell.Best));
    }

    [Theory]
    [InlineData(FigureEpoch.Best, "best epoch", "1", "90.00 %", "0.1000")]
    [InlineData(FigureEpoch.Last, "last epoch", "2", "84.00 %", "0.1600")]
    public async Task Comparison_Results_AreOfOneEpochAndSayWhich(FigureEpoch at, string words, string epoch, string accuracy, string trainLoss)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.FinishAsync("b", accuracies: [0.90, 0.84]);
        var comparison = new Comparison(await hub.History.FindManyAsync([run]), null, DatasetCatalog.Find, at: at);
        Assert.Equal($"Results, {words}", comparison.Sections[0].Title);
        Assert.Equal([epoch, accuracy, trainLoss],
            new[] { "epoch", "test accuracy", "train loss" }.Select(name => Row(comparison, name).Cells[0].Text));
    }

    [Fact]
    public async Task Comparison_EqualValues_AreCalledTheSameAndNoneIsBest()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var comparison = await CompareAsync(hub, 0, await hub.FinishAsync("a", accuracies: 0.9), await hub.FinishAsync("b", accuracies: 0.9));
        var row = Row(comparison, "test accuracy");
        Assert.False(row.Differs);
        Assert.Equal([null, "same"], row.Cells.Select(cell => cell.Delta));
        Assert.DoesNotContain(row.Cells, cell => cell.Best || cell.Better is not null);
    }

    [Fact]
    public async Task Comparison_RunWithoutResults_HasNoDelta()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var good = await hub.FinishAsync("good", accuracies: 0.9);
        var waiting = await hub.EnqueueAsync(name: "waiting");
        var row = Row(await CompareAsync(hub, 0, good, waiting), "train loss");
        Assert.Equal(["0.1000", "–"], row.Cells.Select(cell => cell.Text));
        Assert.All(row.Cells, cell => Assert.Null(cell.Delta));
        Assert.DoesNotContain(row.Cells, cell => cell.Best);
    }

    [Fact]
    public async Task Comparison_Settings_MarkWhatDiffers()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var comparison = await CompareAsync(hub, 0,
            await hub.FinishAsync("a", accuracies: 0.9),
            await hub.FinishAsync("b", new TrainingSpec { BatchSize = 256, Model = new() { Kind = "small-cnn" } }, accuracies: 0.9));
        var settings = comparison.Sections.Single(section => section.Title == "Settings");
        Assert.Equal(["model", "batch size"], settings.Rows.Where(row => row.Differs).Select(row => row.Name));
        Assert.Equal([false, true], Row(comparison, "batch size").Cells.Select(cell => cell.Differs));
    }

    [Fact]
    public async Task Comparison_SameSpecOnCpuAndGpu_SaysTheSpeedUp()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var comparison = await CompareAsync(hub, 0,
            await hub.FinishAsync("slow", new TrainingSpec { Device = "cpu" }, secondsPerEpoch: 2, accuracies: 0.9),
            await hub.FinishAsync("fast", new TrainingSpec { Device = "cuda" }, Gpu, secondsPerEpoch: 0.5, accuracies: 0.9));
        Assert.Equal("fast on cuda:0 trains 4.00× as fast as slow on cpu: 0.50 s against 2.0 s an epoch.", Assert.Single(comparison.SpeedUps));
    }

    [Fact]
    public async Task Comparison_SeveralSpecsOnTwoDevices_ComparesEachWithItsOwn()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var comparison = await CompareAsync(hub, 0,
            await hub.FinishAsync("base", new TrainingSpec { Device = "cpu" }, secondsPerEpoch: 1, accuracies: 0.9),
            await hub.FinishAsync("fast", new TrainingSpec { Device = "cuda", BatchSize = 64 }, Gpu, secondsPerEpoch: 0.5, accuracies: 0.9),
            await hub.FinishAsync("slow", new TrainingSpec { Device = "cpu", BatchSize = 64 }, secondsPerEpoch: 5, accuracies: 0.9));
        Assert.Equal("fast on cuda:0 trains 10.0× as fast as slow on cpu: 0.50 s against 5.0 s an epoch.", Assert.Single(comparison.SpeedUps));
    }

    [Fact]
    public async Task Comparison_OtherSettingsToo_SaysNoSpeedUp()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var comparison = await CompareAsync(hub, 0,
            await hub.FinishAsync("slow", new TrainingSpec { Device = "cpu" }, accuracies: 0.9),
            await hub.FinishAsync("fast", new TrainingSpec { Device = "cuda", Seed = 2 }, Gpu, accuracies: 0.9));
        Assert.Empty(comparison.SpeedUps);
    }

    private static ComparisonRow Row(Comparison comparison, string name) =>
        comparison.Sections.SelectMany(section => section.Rows).Single(row => row.Name == name);

    private static async Task<Comparison> CompareAsync(EmptyHub hub, int baseline, params RunId[] runs) =>
        new(await hub.History.FindManyAsync(runs), runs[baseline], DatasetCatalog.Find);
}
