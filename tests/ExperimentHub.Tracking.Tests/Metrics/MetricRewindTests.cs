using ExperimentHub.Tracking.Metrics;
using Microsoft.EntityFrameworkCore;
using static ExperimentHub.Tracking.Tests.Metrics.MetricHub;

namespace ExperimentHub.Tracking.Tests.Metrics;

public sealed class MetricRewindTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(2500)]
    [InlineData(4000)]
    [InlineData(5000)]
    public async Task Rewind_ToAnyStep_LeavesWhatAWriterWouldHaveThatStoppedThere(long step)
    {
        await using var hub = await CreateAsync(runs: 2);
        var writer = hub.NewWriter();
        static double Value(long step) => step == 700 ? double.NaN : Math.Round(Math.Sin(step) * 20);
        writer.Append(1, "train_loss", Points(1, 3000, Value));
        writer.EpochEnded(1, 1000);
        writer.EpochEnded(1, 2000);
        writer.EpochEnded(1, 3000);
        writer.MarkBest(1, 2000);
        await writer.FlushAsync();
        writer.Append(1, "train_loss", Points(3001, 4000, Value));
        writer.EpochEnded(1, 4000);
        await writer.RewindAsync(1, step);
        await writer.FlushAsync();

        var straight = hub.NewWriter();
        if (step > 0)
            straight.Append(2, "train_loss", Points(1, Math.Min(step, 4000), Value));
        for (var end = 1000; end <= Math.Min(step, 4000); end += 1000)
            straight.EpochEnded(2, end);
        if (step >= 2000)
            straight.MarkBest(2, 2000);
        await straight.FlushAsync();

        Assert.Equal(await hub.Reader.ReadAsync(2, "train_loss"), await hub.Reader.ReadAsync(1, "train_loss"));
        Assert.Equal((await hub.Reader.SummariesAsync(2)).Select(Columns), (await hub.Reader.SummariesAsync(1)).Select(Columns));
        Assert.Equal((await hub.Reader.BestAsync(2))?.Values, (await hub.Reader.BestAsync(1))?.Values);
        await using var db = await hub.Databases.CreateDbContextAsync();
        var epochs = await db.MetricEpochs.ToListAsync();
        Assert.Equal(epochs.Where(e => e.RunNumber == 2).Select(e => e.EndStep), epochs.Where(e => e.RunNumber == 1).Select(e => e.EndStep));
    }

    [Fact]
    public async Task Rewind_ThenTheSameStepsAgain_KeepsTheNewValues()
    {
        await using var hub = await CreateAsync(runs: 2);
        var writer = hub.NewWriter();
        writer.Append(1, "train_loss", Points(1, 2500, _ => 1));
        writer.Append(2, "train_loss", Points(1, 2500, _ => 1));
        await writer.FlushAsync();
        writer.Append(1, "train_loss", Points(2501, 2600, _ => 1));
        await writer.RewindAsync(1, 1500);
        writer.Append(1, "train_loss", Points(1000, 3000, _ => 2));
        await writer.FlushAsync();
        Assert.Equal(Points(1, 3000, step => step <= 1500 ? 1 : 2), await hub.Reader.ReadAsync(1, "train_loss"));
        var summary = await hub.SummaryAsync("train_loss");
        Assert.Equal((1.0, 1, 2.0, 1501), (summary.Min, summary.MinStep, summary.Max, summary.MaxStep));
        Assert.Equal(2500, (await hub.SummaryAsync("train_loss", 2)).Count);
    }

    private static object Columns(MetricSeries s) => (
        (s.Name, s.Count, s.NonFinite, s.Chunks, s.FirstStep, s.LastStep, s.LastTime),
        (s.Last, s.Min, s.MinStep, s.Max, s.MaxStep, s.Best, s.BestStep),
        (s.EpochStep, s.EpochMean));
}
