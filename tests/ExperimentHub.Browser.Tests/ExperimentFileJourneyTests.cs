using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>A person carries an experiment from one hub to another, looks at its run there, and clones it.</summary>
public sealed class ExperimentFileJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly string _here = HubProcess.NewFolder();
    private readonly string _there = HubProcess.NewFolder();

    [Fact]
    public async Task Experiment_ExportedAndImportedElsewhere_IsTheSameThere()
    {
        Skip.WithoutMnist();
        var file = Path.Combine(_here, "carried.zip");
        string run;
        byte[] weights;
        await using (var hub = await HubProcess.StartAsync(_here))
        {
            run = (await hub.FinishRunAsync("""{"experiment": "carried", "name": "traveller", "spec": {"epochs": 2}}"""))["id"]!.GetValue<string>();
            await hub.StartRunAsync("""{"experiment": "carried", "name": "waiting", "spec": {"device": "cuda:63"}}""");
            weights = await hub.Http.GetByteArrayAsync(new Uri($"/api/v1/runs/{run}/checkpoints/2", UriKind.Relative));
            var page = await browser.OpenAsync(hub);
            await page.GotoAsync("/experiments/1");
            await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new("Best test accuracy of 1 run over time") }).Locator("canvas"))
                .ToBeVisibleAsync();
            await page.GetByRole(AriaRole.Combobox, new() { Name = "Metric that decides" }).SelectOptionAsync("test_loss");
            await Expect(page).ToHaveURLAsync(new Regex("experiments/1\\?metric=test_loss$"));
            await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new("Best test loss of 1 run over time") }).Locator("canvas"))
                .ToBeVisibleAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
            await page.GetByRole(AriaRole.Menuitem, new() { Name = "Export…" }).ClickAsync();
            await Expect(page.GetByText("1 run is left out")).ToBeVisibleAsync();
            var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download file" }).ClickAsync());
            Assert.Equal("carried.experiment.zip", download.SuggestedFilename);
            await download.SaveAsAsync(file);
        }

        await using (var hub = await HubProcess.StartAsync(_there))
        {
            var page = await browser.OpenAsync(hub);
            await page.GotoAsync("/experiments");
            await page.GetByRole(AriaRole.Link, new() { Name = "Import" }).ClickAsync();
            var import = page.GetByRole(AriaRole.Button, new() { Name = "Import", Exact = true });

            // What is no export is refused in words, and the form stays.
            await page.GetByLabel("An experiment that was exported")
                .SetInputFilesAsync(new FilePayload { Name = "x.zip", MimeType = "application/zip", Buffer = [1, 2, 3] });
            await import.ClickAsync();
            await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("It is not a zip file");

            await page.GetByLabel("An experiment that was exported").SetInputFilesAsync(file);
            await import.ClickAsync();
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "carried", Exact = true })).ToBeVisibleAsync();
            await page.GetByRole(AriaRole.Region, new() { Name = "Runs" }).GetByRole(AriaRole.Link, new() { Name = "traveller" }).First.ClickAsync();
            await page.WaitForURLAsync($"**/runs/{run}");
            await Expect(page.Locator(".title-line").GetByText("finished")).ToBeVisibleAsync();
            await Expect(page.GetByText("imported").First).ToBeVisibleAsync();
            await Expect(page.Locator("canvas").First).ToBeVisibleAsync();
            Assert.Equal(weights, await hub.Http.GetByteArrayAsync(new Uri($"/api/v1/runs/{run}/checkpoints/2", UriKind.Relative)));

            await page.GotoAsync("/experiments/import");
            await page.GetByLabel("An experiment that was exported").SetInputFilesAsync(file);
            await import.ClickAsync();
            await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("traveller (in carried)");

            await page.GotoAsync("/experiments/1");
            await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
            await page.GetByRole(AriaRole.Menuitem, new() { Name = "Clone…" }).ClickAsync();
            await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("carried copy");
            await page.GetByRole(AriaRole.Button, new() { Name = "Create experiment" }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "carried copy" })).ToBeVisibleAsync();
        }
    }

    public void Dispose()
    {
        foreach (var folder in new[] { _here, _there }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }
}
