using System.Buffers.Binary;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>A person brings images of their own, looks at them, trains on them and takes them away again; with the real trainer.</summary>
public sealed class DatasetJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly string _data = HubProcess.NewFolder();
    private readonly string _files = HubProcess.NewFolder();

    [Fact]
    public async Task OwnImages_UploadedInTheBrowser_CanBeSeenTrainedOnAndDeleted()
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        // MNIST is in the cache once a run has used it.
        await hub.FinishRunAsync("""{"experiment": "tutorial", "spec": {"epochs": 1}}""");
        var files = FirstOfMnist();
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/datasets");
        await page.GetByRole(AriaRole.Link, new() { Name = "Upload data set" }).ClickAsync();
        var send = page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true });

        // What is wrong is said at its field before anything is sent.
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("mnist");
        await page.GetByLabel("All four at once").SetInputFilesAsync(files);
        await send.ClickAsync();
        await Expect(page.GetByText("There is a data set called 'MNIST'")).ToBeVisibleAsync();

        // What only the files can tell comes back from the hub to the same place.
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("First of MNIST");
        await page.GetByLabel("Class names").FillAsync("zero\none");
        await send.ClickAsync();
        await Expect(page.GetByText("at least 10 are needed")).ToBeVisibleAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_data, "datasets")));

        await page.GetByLabel("Class names").FillAsync("zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine");
        await send.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "First of MNIST" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { NameRegex = new("seven") })).ToBeVisibleAsync();
        await page.WaitForFunctionAsync(
            "() => { const all = [...document.querySelectorAll('td img')]; return all.length === 20 && all[0].complete && all[0].naturalWidth === 8 "
                + "* 28 && all[0].naturalHeight === 28; }");

        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "New run" }).First.ClickAsync();
        await Expect(page.GetByText("2,000 to train and 500 to test")).ToBeVisibleAsync();
        await page.GetByLabel("Epochs").FillAsync("1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start run" }).ClickAsync();
        await Expect(page.Locator(".title-line").GetByText("finished")).ToBeVisibleAsync(new() { Timeout = 120_000 });
        await Expect(page.GetByText("First of MNIST")).ToBeVisibleAsync();
        var run = await hub.ReadRunAsync(page.Url.Split('/')[^1]);
        Assert.Equal("first-of-mnist", run["spec"]!["dataset"]!.GetValue<string>());
        Assert.InRange(run["epochs"]![0]!["testAccuracy"]!.GetValue<double>(), 0.6, 0.95);

        await page.GotoAsync("/datasets/first-of-mnist");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = run["name"]!.GetValue<string>() })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete…" }).ClickAsync();
        await Expect(page.GetByText("keeps its numbers")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete data set" }).ClickAsync();
        await page.WaitForURLAsync("**/datasets");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "First of MNIST" })).ToHaveCountAsync(0);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_data, "datasets")));
    }

    public void Dispose()
    {
        foreach (var folder in new[] { _data, _files }.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>MNIST's first 2,000 and 500 images, in files of their own.</summary>
    private string[] FirstOfMnist()
    {
        Directory.CreateDirectory(_files);
        return
        [
            Cut("train-images-idx3-ubyte", 2_000, 16, 784), Cut("train-labels-idx1-ubyte", 2_000, 8, 1),
            Cut("t10k-images-idx3-ubyte", 500, 16, 784), Cut("t10k-labels-idx1-ubyte", 500, 8, 1),
        ];

        string Cut(string name, int count, int header, int bytesOfOne)
        {
            using var whole = File.OpenRead(Directory.EnumerateFiles(HubProcess.DatasetFolder, name, SearchOption.AllDirectories)
                .First(path => !path.Contains("fashion", StringComparison.Ordinal)));
            var part = new byte[header + count * bytesOfOne];
            whole.ReadExactly(part);
            BinaryPrimitives.WriteInt32BigEndian(part.AsSpan(4), count);
            var path = Path.Combine(_files, name);
            File.WriteAllBytes(path, part);
            return path;
        }
    }
}
