using System.Net;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;

namespace ExperimentHub.Web.Tests.Compare;

public sealed class CompareReportTests
{
    [Fact]
    public async Task Report_OfTwoRuns_IsOneFileThatNeedsNothingElse()
    {
        await using var app = new HubApp();
        var ids = new[] { await FinishAsync(app, "<script>alert(1)</script>", seed: 1), await FinishAsync(app, "b & c", seed: 2) };
        using var client = app.CreateClient();
        using var response = await client.GetAsync($"/api/v1/compare/report?runs={ids[0]},{ids[1]}&metrics=train_loss,absent&axis=samples&target=0.9");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.StartsWith("attachment; filename=comparison-", response.Content.Headers.ContentDisposition?.ToString(), StringComparison.Ordinal);
        var page = await response.Content.ReadAsStringAsync();
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("b &amp; c", page, StringComparison.Ordinal);
        foreach (var foreign in (string[])["<script", "<link", "src=", "href=", "url(", "@import"])
            Assert.DoesNotContain(foreign, page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("<path d=\"M").Length - 1);
        Assert.Contains("over images seen", page, StringComparison.Ordinal);
        Assert.Contains("To reach 90.00 %", page, StringComparison.Ordinal);
        Assert.Contains("Groups of seeds", page, StringComparison.Ordinal);
        Assert.Contains("--run-0:", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_OfEnoughRuns_NamesTheSettingThatMatters()
    {
        await using var app = new HubApp();
        var ids = new List<RunId>();
        for (var i = 0; i < 8; i++)
            ids.Add(await FinishAsync(app, $"run {i}", seed: 1 + (i % 2), batch: 16 << (i / 2), accuracy: 0.9 - 0.02 * (i / 2)));
        using var client = app.CreateClient();
        var page = await client.GetStringAsync($"/api/v1/compare/report?runs={string.Join(',', ids)}");
        var importance = page[page.IndexOf("Importance of settings for", StringComparison.Ordinal)..];
        Assert.Contains("<tbody><tr><th scope=\"row\">batch size</th>", importance.Replace("\n", "", StringComparison.Ordinal).Replace("  ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("random forest", importance, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?runs=banana")]
    [InlineData("?runs=00000000000000000000000000000000")]
    public async Task Report_WithoutRuns_IsRefused(string query)
    {
        await using var app = new HubApp();
        var (response, body) = await app.GetAsync($"/api/v1/compare/report{query}");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull(body!["errors"]!["runs"]);
    }

    [Theory]
    [InlineData(CompareAxis.Epoch, 15, 1.5)]
    [InlineData(CompareAxis.Step, 15, 15.0)]
    [InlineData(CompareAxis.Samples, 15, 90_000.0)]
    [InlineData(CompareAxis.Training, 15, 4.0)] // 2 s for the first epoch, half of the second's 4 s
    [InlineData(CompareAxis.Training, 25, 8.0)] // goes on at the pace of the last
    [InlineData(CompareAxis.Time, 15, 7.5)]
    [InlineData(CompareAxis.Time, 40, 10.0)]
    public void CurvePlaces_OfAStep_IsWhatWasSpentByThen(CompareAxis axis, long step, double expected) =>
        Assert.Equal(expected, CurvePlaces.Of(axis, new RunPace(default, 1, 10, [2, 4]), 60_000, [(0, 1_000), (10, 6_000), (20, 11_000)])(step));

    [Fact]
    public void ReportChart_ValuesThatCannotBeDrawn_AreGaps()
    {
        var curve = new ReportCurve("a", default, [(0, 1), (1, double.NaN), (2, 10), (3, 0), (4, 100)]);
        var chart = new ReportChart("test_loss", [curve, new ReportCurve("empty", default, [(0, double.NaN)])], log: true);
        Assert.Equal([curve], chart.Curves);
        Assert.Equal("M64 268M476 139M888 10", chart.Path(curve));
        Assert.Equal(["1", "100"], [chart.Rows.First().Text, chart.Rows.Last().Text]);
    }

    private static async Task<RunId> FinishAsync(HubApp app, string name, long seed, int batch = 32, double accuracy = 0.88)
    {
        var (queue, recorder) = (app.Get<RunQueue>(), app.Get<RunRecorder>());
        // The hub's own trainer must not take it: it has no such device.
        var spec = new TrainingSpec { Seed = seed, BatchSize = batch, Device = "cuda:9" };
        var id = (await queue.EnqueueAsync(new RunRequest("report", name, spec))).Run!.Value;
        var claimed = await queue.ClaimAsync((await queue.WaitingGroupAsync(id))!, _ => true);
        Assert.Equal(id, claimed!.Key.Run);
        recorder.Begin(claimed.Key);
        await recorder.StartedAsync(claimed.Key, new TrainingStarted(new DeviceInfo("cuda", 9, "Test GPU"), "2.10.0", 1, 7850, 60_000, 10_000, 10));
        for (var epoch = 1; epoch <= 2; epoch++)
        {
            recorder.Progress(claimed.Key, new TrainingProgress(epoch, epoch * 10, 0.5, 60_000) { Losses = [.. Enumerable.Repeat(0.5f / epoch, 10)] });
            await recorder.EpochAsync(claimed.Key, new EpochFinished(epoch, 0.5 / epoch, 0.4, accuracy + 0.02 * epoch, 0.5) { Best = true });
        }

        await recorder.EndAsync(claimed.Key, AttemptEnding.Finished, null, 0);
        await app.Get<MetricWriter>().FlushAsync();
        return id;
    }
}
