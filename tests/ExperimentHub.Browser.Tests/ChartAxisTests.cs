using System.Text.Json;
using System.Text.Json.Nodes;

namespace ExperimentHub.Browser.Tests;

/// <summary>Axes as the browser draws them. Their marks are written as the hub writes them: TickLabelsTests has the other half.</summary>
public sealed class ChartAxisTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Marks_OfEveryCase_AreWrittenAsTheHubWritesThem()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/");
        var cases = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "tick-labels.json"),
            TestContext.Current.CancellationToken))!.AsArray();
        Assert.NotEmpty(cases);
        foreach (var one in cases)
        {
            // As text: on its way a number could lose digits.
            var labels = await page.EvaluateAsync<string[]>(
                "async (text) => { const { tickLabels } = await import('/js/tick-labels.js'); const { ticks, ...kind } = JSON.parse(text); return "
                    + "tickLabels(ticks, kind); }", one!.ToJsonString());
            Assert.Equal(one["labels"].Deserialize<string[]>(), labels);
        }
    }

    [Fact]
    public async Task LossScale_OfEveryCase_EndsWhereTheReportEndsIt()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/");
        var cases = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "loss-scale.json"),
            TestContext.Current.CancellationToken))!.AsArray();
        Assert.NotEmpty(cases);
        foreach (var one in cases)
        {
            var top = await page.EvaluateAsync<double?>(
                "async (text) => { const { topOf } = await import('/js/compare/scale.js'); return topOf(JSON.parse(text).curves) ?? null; }",
                one!.ToJsonString());
            Assert.Equal(one["top"]?.GetValue<double>(), top);
        }
    }

    [Theory]
    [InlineData("[0.99981, 0.99985]", "{ isFraction: true }")]
    [InlineData("[100000.1, 100000.3]", "{}")]
    [InlineData("[0.34, 0.36]", "{ isLog: true }")]
    [InlineData("[5, 7, 8]", "{ isLog: true }")]
    [InlineData("[1e-25, 1e-20]", "{ isLog: true }")]
    [InlineData("[1e-200]", "{ isLog: true }")]
    public async Task Axis_OfCloseOrTinyValues_HasMarksThatTellThemApart(string values, string kind)
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/");
        var labels = await page.EvaluateAsync<string[]>(
            $$"""
            async () => {
              const { curve, frameOf, loadLibrary } = await import('/js/charts.js');
              await loadLibrary();
              const place = document.body.appendChild(document.createElement('div'));
              place.style.cssText = 'width: 500px; height: 264px';
              const chart = echarts.init(place);
              const points = {{values}}.map((value, i) => [i, value]);
              chart.setOption({ ...frameOf({ chart, title: String, ...{{kind}} }), series: [curve('values', points, 'red')] });
              return chart.getModel().getComponent('yAxis', 0).axis.getViewLabels().map(({ formattedLabel }) => formattedLabel);
            }
            """);
        Assert.InRange(labels.Length, 2, 12);
        Assert.Distinct(labels);
    }

    [Fact]
    public async Task LogAxis_WithValuesThatHaveNoPlace_SaysWhich()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/");
        Assert.Equal("A logarithmic axis cannot show values that are zero or negative (down to -3.000).",
            await SaidAsync("[{ name: 'a', values: [1, 0, -3, NaN, Infinity] }]"));
        Assert.Equal("A logarithmic axis cannot show values of b that are less than 1e-200.",
            await SaidAsync("[{ name: 'a', values: [1] }, { name: 'b', values: [5e-324, 2] }]"));
        Assert.Equal("", await SaidAsync("[{ name: 'a', values: [1e-9, 2] }]"));

        Task<string> SaidAsync(string curves) => page.EvaluateAsync<string>($"async () => (await import('/js/charts.js')).leftOutOfLog({curves})");
    }

    [Theory]
    [InlineData(60, true, 60)]
    [InlineData(60, false, 3)]
    public async Task Epochs_ThatArePlanned_AreTheAxisWhileTheRunGoesOn(int planned, bool goesOn, int end)
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/");
        var known =
            $$"""{ epochs: {{planned}}, stepsPerEpoch: 10, lastStep: 25, times: { steps: [], unix: [] }, goesOn: {{(goesOn ? "true" : "false")}} }""";
        Assert.Equal(end,
            await page.EvaluateAsync<int>($"async () => new (await import('/js/run/axis.js')).StepAxis('epoch', {known}).options().max"));
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }
}
