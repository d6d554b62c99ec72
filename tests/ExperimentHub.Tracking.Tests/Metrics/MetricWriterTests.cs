using ExperimentHub.Tracking.Metrics;
using Microsoft.EntityFrameworkCore;
using static ExperimentHub.Tracking.Tests.Metrics.MetricHub;

namespace ExperimentHub.Tracking.Tests.Metrics;

public sealed class MetricWriterTests
{
    [Fact]
    public async Task Flush_PointsOverManyChunks_ComeBackBitForBit()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        var points = Points(1, 5000, step => step % 7 == 0 ? double.NaN : step % 11 == 0 ? double.NegativeInfinity : Math.Sin(step));
        var random = new Random(1);
        for (var rest = points.AsMemory(); rest.Length > 0;)
        {
            var part = rest[..Math.Min(rest.Length, random.Next(1, 700))];
            writer.Append(1, "wave", part.Span);
            rest = rest[part.Length..];
            if (random.Next(2) == 0)
                await writer.FlushAsync();
        }

        await writer.FlushAsync();
        Assert.Equal(points, await hub.Reader.ReadAsync(1, "wave"));
        Assert.Equal(points[99..3000], await hub.Reader.ReadAsync(1, "wave", 100, 3000));
        Assert.Empty(await hub.Reader.ReadAsync(1, "other"));
    }

    [Fact]
    public async Task Summary_OfALoss_HasLastExtremesBestAndWhatWasLeftOut()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        writer.Append(1, "train_loss", [new(10, 1, 0.5), new(20, 2, double.NaN), new(30, 3, 0.25), new(40, 4, 0.25),
            new(50, 5, double.PositiveInfinity)]);
        writer.Append(1, "test_accuracy", [new(10, 1, 0.8), new(20, 2, 0.9), new(30, 3, 0.9)]);
        writer.Append(1, "learning_rate", [new(10, 1, 0.01)]);
        writer.Append(1, "nothing", [new(10, 1, double.NaN)]);
        await writer.FlushAsync();

        var loss = await hub.SummaryAsync("train_loss");
        Assert.Equal((5, 2, 10, 50, 5), (loss.Count, loss.NonFinite, loss.FirstStep, loss.LastStep, loss.LastTime));
        Assert.Equal((double.PositiveInfinity, 0.25, 30, 0.5, 10, 0.25, 30),
            (loss.Last, loss.Min, loss.MinStep, loss.Max, loss.MaxStep, loss.Best, loss.BestStep));
        var accuracy = await hub.SummaryAsync("test_accuracy");
        Assert.Equal((0.9, 20), (accuracy.Best, accuracy.BestStep));
        Assert.Null((await hub.SummaryAsync("learning_rate")).Best);
        var nothing = await hub.SummaryAsync("nothing");
        Assert.Equal((1, 1, null, null, null), (nothing.Count, nothing.NonFinite, nothing.Last, nothing.Min, nothing.MinStep));
    }

    [Fact]
    public async Task Append_AReplay_WritesNothingTwice()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        var points = Points(1, 3000);
        writer.Append(1, "train_loss", points);
        writer.Append(1, "train_loss", points);
        await writer.FlushAsync();
        writer.Append(1, "train_loss", points);
        writer.Append(1, "train_loss", Points(2990, 3010));
        writer.Append(1, "train_loss", [new(-1, 0, 7)]);
        await writer.FlushAsync();
        Assert.Equal(Points(1, 3010), await hub.Reader.ReadAsync(1, "train_loss"));
        Assert.Equal(3010, (await hub.SummaryAsync("train_loss")).Count);
    }

    [Fact]
    public async Task Append_ThenTheTimeOfABatch_IsWrittenWithoutAFlush()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        writer.Append(1, "train_loss", Points(1, 10));
        hub.Time.Advance(MetricWriter.FlushAfter - TimeSpan.FromMilliseconds(1));
        await writer.Background;
        Assert.Empty(await hub.StepsAsync("train_loss"));
        Assert.Equal(10, writer.PendingAfter(1, "train_loss", 0).Count);

        hub.Time.Advance(TimeSpan.FromMilliseconds(1));
        await writer.Background;
        Assert.Equal(10, (await hub.StepsAsync("train_loss")).Count());
        Assert.Empty(writer.PendingAfter(1, "train_loss", 0));

        writer.Append(1, "train_loss", Points(11, 12));
        hub.Time.Advance(MetricWriter.FlushAfter);
        await writer.Background;
        Assert.Equal(12, (await hub.StepsAsync("train_loss")).Count());
    }

    [Fact]
    public async Task Pending_WithAReplay_HasEachStepOnceAndOnlyNewOnes()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        writer.Append(1, "train_loss", Points(1, 10));
        writer.Append(1, "train_loss", Points(5, 12));
        writer.Append(1, "test_loss", Points(1, 2));
        Assert.Equal(Points(4, 12), writer.PendingAfter(1, "train_loss", 3));
    }

    [Fact]
    public async Task Kill_BetweenFlushes_LosesOnlyWhatWasNotFlushed()
    {
        await using var hub = await CreateAsync();
        var killed = hub.NewWriter();
        killed.Append(1, "train_loss", Points(1, 1500));
        await killed.FlushAsync();
        killed.Append(1, "train_loss", Points(1501, 1600));
        // The clock stands still, so what waits is never written; the next writer knows only the database.
        var next = hub.NewWriter();
        Assert.Equal(Points(1, 1500), await hub.Reader.ReadAsync(1, "train_loss"));
        next.Append(1, "train_loss", Points(1501, 4000));
        await next.FlushAsync();
        Assert.Equal(Points(1, 4000), await hub.Reader.ReadAsync(1, "train_loss"));
        var summary = await hub.SummaryAsync("train_loss");
        Assert.Equal((4000, 4, 1.0 / 4000, 4000), (summary.Count, summary.Chunks, summary.Min, summary.MinStep));
    }

    [Fact]
    public async Task Dispose_WithPointsWaiting_WritesThemAndRefusesMore()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        writer.Append(1, "train_loss", Points(1, 10));
        await writer.DisposeAsync();
        Assert.Equal(10, (await hub.StepsAsync("train_loss")).Count());
        Assert.Throws<ObjectDisposedException>(() => writer.Append(1, "train_loss", Points(11, 12)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writer.FlushAsync());
    }

    [Fact]
    public async Task EpochEnded_TwoEpochs_TakesTheMeanOfTheLast()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        writer.Append(1, "train_loss", Points(1, 2000, _ => 1));
        writer.EpochEnded(1, 2000);
        writer.Append(1, "train_loss", Points(2001, 4000, step => step == 2500 ? double.NaN : step % 2 == 0 ? 3 : 4));
        writer.Append(1, "test_loss", [new(4000, 1, 0.5)]);
        writer.EpochEnded(1, 4000);
        await writer.FlushAsync();
        var loss = await hub.SummaryAsync("train_loss");
        Assert.Equal(4000, loss.EpochStep);
        Assert.Equal((3.0 * 999 + 4.0 * 1000) / 1999, loss.EpochMean!.Value, 12);
        Assert.Equal(0.5, (await hub.SummaryAsync("test_loss")).EpochMean);
    }

    [Fact]
    public async Task MarkBest_TwiceWithOddValues_KeepsOneRowOfTheLatest()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        writer.Append(1, "train_loss", Points(1, 3000, step => step));
        writer.Append(1, "test_loss", [new(1000, 1, double.NaN), new(2000, 2, double.PositiveInfinity)]);
        writer.Append(1, "late", [new(2500, 1, 1)]);
        writer.MarkBest(1, 1000);
        await writer.FlushAsync();
        Assert.Equal([new("test_loss", double.NaN), new("train_loss", 1000)], (await hub.Reader.BestAsync(1))!.Values);
        writer.MarkBest(1, 2000);
        await writer.FlushAsync();
        var best = (await hub.Reader.BestAsync(1))!;
        Assert.Equal(2000, best.Step);
        Assert.Equal([new("test_loss", double.PositiveInfinity), new("train_loss", 2000)], best.Values);
    }

    [Fact]
    public async Task Append_ToARunThatIsDeletedMeanwhile_IsForgottenAndOthersAreWritten()
    {
        await using var hub = await CreateAsync(runs: 2);
        var writer = hub.NewWriter();
        writer.Append(1, "train_loss", Points(1, 100));
        await writer.FlushAsync();
        await using (var db = await hub.Databases.CreateDbContextAsync())
            await db.Runs.Where(r => r.Number == 1).ExecuteDeleteAsync();
        foreach (var run in new[] { 1, 99, 2 })
        {
            writer.Append(run, "train_loss", Points(101, 200));
            writer.EpochEnded(run, 200);
            writer.MarkBest(run, 200);
        }

        await writer.FlushAsync();
        await using var after = await hub.Databases.CreateDbContextAsync();
        Assert.Equal([2], await after.MetricSeries.Select(s => s.RunNumber).ToListAsync());
        Assert.Equal(1, await after.MetricChunks.CountAsync());
        Assert.Equal(1, await after.MetricEpochs.CountAsync());
        Assert.Equal(1, await after.MetricSnapshots.CountAsync());
    }

    [Fact]
    public async Task Append_FromManyThreads_LosesAndDoublesNothing()
    {
        await using var hub = await CreateAsync(runs: 4);
        var writer = hub.NewWriter(maxPending: 5000);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(series => Task.Run(async () =>
        {
            var random = new Random(series);
            for (var step = 1L; step <= 20_000;)
            {
                var last = Math.Min(20_000, step + random.Next(0, 300));
                // The clock stands still: room comes only from the flushes below.
                var append = writer.AppendAsync(1 + series % 4, $"metric {series}", Points(step, last)).AsTask();
                while (!append.IsCompleted)
                    await writer.FlushAsync();
                await append;
                step = last + 1;
            }
        })));
        await writer.FlushAsync();
        for (var series = 0; series < 8; series++)
        {
            Assert.Equal(Points(1, 20_000), await hub.Reader.ReadAsync(1 + series % 4, $"metric {series}"));
            Assert.Equal(20_000, (await hub.SummaryAsync($"metric {series}", 1 + series % 4)).Count);
        }

        Assert.Equal(0, writer.DroppedPoints);
    }

    [Fact]
    public async Task Read_WhileItIsWritten_WithPendingTakenFirst_MissesAndDoublesNothing()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        var shown = 0L;
        var writing = Task.Run(async () =>
        {
            for (var step = 1; step <= 20_000; step += 50)
            {
                writer.Append(1, "train_loss", Points(step, step + 49));
                Interlocked.Exchange(ref shown, step + 49);
                if (step % 3 == 0)
                    await writer.FlushAsync();
            }
        });
        var complete = false;
        while (!complete)
        {
            complete = writing.IsCompleted;
            var least = Interlocked.Read(ref shown);
            var pending = writer.PendingAfter(1, "train_loss", 0);
            var stored = await hub.StepsAsync("train_loss");
            long[] all = [.. stored];
            all = [.. all, .. pending.Select(p => p.Step).Where(step => all.Length == 0 || step > all[^1])];
            Assert.True(all.Length >= least);
            Assert.Equal(Enumerable.Range(1, all.Length).Select(step => (long)step), all);
        }

        await writing;
    }
}
