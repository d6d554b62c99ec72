using System.Text.Json;
using System.Text.Json.Nodes;

namespace ExperimentHub.Browser.Tests;

/// <summary>The browser writes the marks of an axis as the hub does: TickLabelsTests has the other half.</summary>
public sealed class TickLabelsJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Marks_OfEveryCase_AreWrittenAsTheHubWritesThem()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/");
        var cases = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "tick-labels.json"), TestContext.Current.CancellationToken))!.AsArray();
        Assert.NotEmpty(cases);
        foreach (var one in cases)
        {
            // As text: on its way a number could lose digits.
            var labels = await page.EvaluateAsync<string[]>(
                "async (text) => { const { tickLabels } = await import('/js/tick-labels.js'); const { ticks, ...kind } = JSON.parse(text); return tickLabels(ticks, kind); }", one!.ToJsonString());
            Assert.Equal(one["labels"].Deserialize<string[]>(), labels);
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }
}
