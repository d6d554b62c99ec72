using System.Net;
using System.Text.RegularExpressions;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Compare;
using ExperimentHub.Web.Compare.Report;
using ExperimentHub.Web.Tests.Datasets;

namespace ExperimentHub.Web.Tests.Compare;

public sealed class CompareReportTests
{
    [Fact]
    public async Task Report_OfTwoRuns_IsOneFileThatNeedsNothingElse()
    {
        await using var app = new HubApp();
        var ids = new[] { await FinishAsync(app, "<script>alert(1)</script>", seed: 1), await FinishAsync(app, "b & c", seed: 2) };
        using var client = app.CreateClient();
        using var response = await client.GetAsync(
            $"/api/v1/compare/report?runs={ids[0]},{ids[1]}&metrics=train_loss,absent&axis=samples&target=0.9");
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
    public async Task Report_WhoeverReadsIt_HasTheirThemeAndRunsNothing()
    {
        await using var app = new HubApp();
        var id = await FinishAsync(app, "one", seed: 1);
        using var client = app.CreateClient();
        var page = await client.GetStringAsync($"/api/v1/compare/report?runs={id}");
        var policy =
            page.IndexOf(
                """<meta http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;; img-src data:;""", StringComparison.Ordinal);
        Assert.InRange(policy, 0, page.IndexOf("<style>", StringComparison.Ordinal)); // it does not hold for what comes before it
        var dark = page[page.IndexOf("@media screen and (prefers-color-scheme: dark)", StringComparison.Ordinal)..];
        Assert.Matches(@"^[^}]*--page: #0e1116;[^}]*--run-9:", dark);
        Assert.Contains("@page { size: A4", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReportAndApi_OfATrainingDoneTwice_CountItOnceAndSaySo()
    {
        await using var app = new HubApp();
        var ids = new[] { await FinishAsync(app, "a", seed: 1), await FinishAsync(app, "b", seed: 2, accuracy: 0.9),
            await FinishAsync(app, "b again", seed: 2, accuracy: 0.9) };
        using var client = app.CreateClient();
        var page = await client.GetStringAsync($"/api/v1/compare/report?runs={string.Join(',', ids)}");
        Assert.Contains("3 runs, 1 of them repeats another (same settings, seed and data); counted once.", page, StringComparison.Ordinal);
        Assert.Contains("<td>2 of 3</td>", page, StringComparison.Ordinal);
        var group = (await app.GetAsync("/api/v1/runs/groups?groupBy=model&metric=best(metrics.test_accuracy)")).Body!["items"]![0]!;
        Assert.Equal((3, 2, 1, 0),
            (group["runs"]!.GetValue<int>(), group["measured"]!.GetValue<int>(), group["repeats"]!.GetValue<int>(), group["diverged"]!.GetValue<int>()));
        var again = (await app.GetAsync($"/api/v1/runs/{ids[2]}")).Body!;
        Assert.Equal((ids[1].ToString(), false), (again["repeats"]!.GetValue<string>(), again["diverged"]!.GetValue<bool>()));
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
        Assert.Contains("<tbody><tr><th scope=\"row\">batch size</th>", importance.Replace("\n", "", StringComparison.Ordinal)
            .Replace("  ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("random forest", importance, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(2_000, HttpStatusCode.OK)]
    [InlineData(2_001, HttpStatusCode.BadRequest)]
    public async Task Report_AtAndBeyondItsCurves_IsWrittenAndRefused(int metrics, HttpStatusCode expected)
    {
        await using var app = new HubApp();
        var run = (await app.PostAsync("/api/v1/runs", """{"experiment": "e"}""")).Body!["id"]!.GetValue<string>();
        var (response, body) = await app.GetAsync(
            $"/api/v1/compare/report?runs={run}&metrics={string.Join(',', Enumerable.Range(0, metrics).Select(i => $"m{i}"))}");
        Assert.Equal(expected, response.StatusCode);
        if (expected == HttpStatusCode.BadRequest)
            Assert.Contains("2,000 curves", body!["errors"]!["metrics"]![0]!.GetValue<string>());
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
    public async Task Report_SomeRunsKeptInView_DimsTheOthersInEveryDrawing()
    {
        await using var app = new HubApp();
        var ids = new List<RunId>();
        foreach (var batch in (int[])[16, 32, 64])
            ids.Add(await FinishAsync(app, $"run {batch}", seed: 1, batch: batch));
        using var client = app.CreateClient();
        var page = await client.GetStringAsync($"/api/v1/compare/report?runs={string.Join(',', ids)}&metrics=train_loss&keep=params.batchSize:20:");
        Assert.Contains("2 of 3 runs kept in view, by batch size", page, StringComparison.Ordinal);
        Assert.Contains("test accuracy over batch size", page, StringComparison.Ordinal);
        // A curve, a line over the axes, a point.
        Assert.Equal(["path", "path", "circle"], Regex.Matches(page, "<(path|circle)[^>]*opacity=\"0.08\"[^>]*><title>run 16</title>")
            .Select(found => found.Groups[1].Value));
        Assert.Equal(3, Regex.Count(page, "opacity=\"0.08\"[^>]*><title>"));
    }

    [Fact]
    public async Task Report_TwoRunsThatErrDifferently_CarriesTheImages()
    {
        await using var app = new HubApp();
        await TinyIdx.AddAsync(app.Get<DatasetLibrary>(), app.Folder);
        // The labels are 1 and 0.
        var ids = new[] { await FinishAsync(app, "left", seed: 1, batch: 2, dataset: "tiny", said: [1, 1]),
            await FinishAsync(app, "right", seed: 2, batch: 2, dataset: "tiny", said: [0, 0]) };
        using var client = app.CreateClient();
        var page = await client.GetStringAsync($"/api/v1/compare/report?runs={ids[0]},{ids[1]}");
        Assert.Contains("Confusion, right minus left", page, StringComparison.Ordinal);
        Assert.Contains("1 are right only with left, 1 only with right; 0 are wrong with both", page, StringComparison.Ordinal);
        var images = Regex.Matches(page, "alt=\"Test image (\\d)\" src=\"data:image/png;base64,([^\"]+)\"");
        Assert.Equal(["0", "1"], images.Select(image => image.Groups[1].Value));
        Assert.All(images, image => Assert.Equal([0x89, .. "PNG"u8], Convert.FromBase64String(image.Groups[2].Value)[..4]));
        Assert.DoesNotMatch("(src|href)=\"(?!data:)", page);
    }

    [Fact]
    public async Task Report_SeedsTogether_DrawsTheirMeanWithItsInterval()
    {
        await using var app = new HubApp();
        var ids = new List<RunId>();
        for (var i = 0; i < 4; i++)
            ids.Add(await FinishAsync(app, $"run {i}", seed: i, batch: i < 2 ? 32 : 64, accuracy: 0.9 + 0.01 * i));
        using var client = app.CreateClient();
        var page = await client.GetStringAsync($"/api/v1/compare/report?runs={string.Join(',', ids)}&metrics=test_accuracy&seeds=true");
        Assert.Equal(["batch size 32 (2)", "batch size 64 (2)"], Regex.Matches(page, "<path d=\"M[^>]*fill=\"none\"[^>]*><title>(batch[^<]*)</title>")
            .Select(found => found.Groups[1].Value));
        Assert.Equal(2, Regex.Count(page, "fill-opacity=\"0.18\""));
    }

    [Fact]
    public void ReportChart_ValuesThatCannotBeDrawn_AreGaps()
    {
        var curve = new ReportCurve("a", default, [(0, 1), (1, double.NaN), (2, 10), (3, 0), (4, 100)], []);
        var chart = new ReportChart("test_loss", [curve, new ReportCurve("empty", default, [(0, double.NaN)], [])], log: true);
        Assert.Equal([curve], chart.Curves);
        Assert.Equal("M64 268M476 139M888 10", chart.Path(curve));
        Assert.Equal(["1", "100"], [chart.Rows.First().Text, chart.Rows.Last().Text]);
    }

    [Fact]
    public void ReportChart_OnePoint_IsADot()
    {
        var curve = new ReportCurve("a", default, [(1, 5)], []);
        var chart = new ReportChart("test_loss", [curve], log: false);
        Assert.Equal([(888.0, 139.0)], chart.Dots(curve));
        Assert.Empty(chart.Dots(new ReportCurve("long", default, [.. Enumerable.Range(0, 51).Select(i => ((double)i, 1.0))], [])));
    }

    [Fact]
    public void ReportChart_Zoomed_ReachesOverWhatIsInTheStretch()
    {
        var seen = new ReportCurve("seen", default, [(0, 50), (1, 1), (2, 3), (3, 50)], []);
        var chart = new ReportChart("test_loss", [seen, new ReportCurve("beyond", default, [(0, 1), (9, 1)], [])], log: false, zoom: (1, 2));
        Assert.Equal([seen], chart.Curves);
        Assert.Equal((64, 888), (chart.Columns.First().At, chart.Columns.Last().At));
        Assert.Contains("L64 268L888 10", chart.Path(seen), StringComparison.Ordinal);
    }

    [Fact]
    public void ReportAxis_Words_AreAtEqualDistances()
    {
        var variable = new CompareVariable("params.optimizer", "optimizer", ["sgd", "adam", null, "rmsprop"], null);
        var axis = ReportAxis.Of(variable, 100, 0);
        Assert.Equal([(100, "adam"), (50, "rmsprop"), (0, "sgd")], axis.Ticks);
        Assert.Equal([0, 100, null, 50], Enumerable.Range(0, 4).Select(run => axis.At(variable, run)));
    }

    [Fact]
    public void CurvePoint_MeanOfTwo_IsAtTheirMeanPlaceWithStudentsInterval()
    {
        CurvePoint[] first = [new(1, 1, 2, 2, 2), new(3, 3, 4, 4, 4), new(5, 5, 0, 0, 0)];
        CurvePoint[] second = [new(1, 2, 4, 4, 4), new(4, 5, 7, 7, 7)];
        var mean = CurvePoint.Mean([first, second]);
        Assert.Equal([(1L, 1.5, 3.0), (3L, 3.5, 5.0)], mean.Select(point => (point.Step, point.X, point.Y))); // the second curve ends before step 5
        // t(0.975; 1) = 12.7062, of a deviation of sqrt 2 over the root of two.
        Assert.Equal(3 + 12.7062, mean[0].High, 3);
        Assert.Equal(0, mean[0].Low); // none of the values is negative
    }

    [Fact]
    public void CurvePoint_MeanOfNegativeValues_HasItsWholeInterval()
    {
        var mean = CurvePoint.Mean([[new(1, 1, -1, 0, 0)], [new(1, 1, 1, 0, 0)]]);
        Assert.Equal((-12.7062, 12.7062), (Math.Round(mean[0].Low, 4), Math.Round(mean[0].High, 4)));
    }

    [Fact]
    public void CurvePoint_Smoothed_IsTheWeightedMeanOfWhatCameBefore()
    {
        List<CurvePoint> points = [.. Enumerable.Range(0, 61).Select(i => new CurvePoint(i, i, i == 0 ? 8 : 0, 0, 0))];
        var smoothed = CurvePoint.Smoothed(points, 0.5);
        // Points are 60/61 of the distance apart that has the weight 0.5, one after the other.
        var kept = Math.Pow(0.5, 61 / 60.0);
        Assert.Equal(8, smoothed[0].Y, 9);
        Assert.Equal(8 * (1 - 0.5) * kept / (kept * (1 - 0.5) + 1 - kept), smoothed[1].Y, 9);
        Assert.Same(points, CurvePoint.Smoothed(points, 0));
    }

    private static async Task<RunId> FinishAsync(HubApp app, string name, long seed, int batch = 32, double accuracy = 0.88, string? dataset = null,
        int[]? said = null)
    {
        var (queue, recorder) = (app.Get<RunQueue>(), app.Get<RunRecorder>());
        // The hub's own trainer must not take it: it has no such device.
        var spec = new TrainingSpec { Seed = seed, BatchSize = batch, Device = "cuda:9" };
        if (dataset is not null)
            spec = spec with { Dataset = dataset };
        var id = (await queue.EnqueueAsync(new RunRequest("report", name, spec))).Run!.Value;
        var claimed = await queue.ClaimAsync((await queue.WaitingGroupAsync(id))!, _ => true);
        Assert.Equal(id, claimed!.Key.Run);
        recorder.Begin(claimed.Key);
        await recorder.StartedAsync(claimed.Key, new TrainingStarted(new DeviceInfo("cuda", 9, "Test GPU"), "2.10.0", 1, 7850, 60_000, 10_000, 10));
        for (var epoch = 1; epoch <= 2; epoch++)
        {
            recorder.Progress(claimed.Key, new TrainingProgress(epoch, epoch * 10, 0.5,
                60_000)
            { Losses = [.. Enumerable.Repeat(0.5f / epoch, 10)] });
            await recorder.EpochAsync(claimed.Key, new EpochFinished(epoch, 0.5 / epoch, 0.4, accuracy + 0.02 * epoch, 0.5) { Best = true });
        }

        if (said is not null)
            await recorder.EvaluatedAsync(claimed.Key,
                new EpochEvaluated(2, 2, [.. said.Select(called => (byte)called)],
                    [said[1] == 0 ? 1 : 0, said[1] == 1 ? 1 : 0, said[0] == 0 ? 1 : 0, said[0] == 1 ? 1 : 0], []));
        await recorder.EndAsync(claimed.Key, AttemptEnding.Finished, null, 0);
        await app.Get<MetricWriter>().FlushAsync();
        return id;
    }
}
