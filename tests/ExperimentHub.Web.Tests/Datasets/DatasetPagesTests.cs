using System.Security.Cryptography;
using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Web.Datasets;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Datasets;

public sealed class DatasetPagesTests
{
    [Fact]
    public async Task List_OwnAndPublished_StandInOneTable()
    {
        await using var pages = await HubPages.OpenAsync();
        await AddTinyAsync(pages.Hub);
        await pages.Hub.EnqueueAsync(new TrainingSpec { Dataset = "tiny", BatchSize = 2 });

        var page = pages.Render<DatasetsPage>();

        page.WaitForAssertion(() => Assert.Equal(["MNIST", "Fashion-MNIST", "KMNIST", "Tiny"], page.FindAll("td.name a")
            .Select(link => link.TextContent)));
        var tiny = page.FindAll("tbody tr")[3];
        Assert.Equal(["uploaded", "6", "2", "2 × 3", "2", "1", "104 B"], tiny.QuerySelectorAll("td").Skip(2).Select(cell => cell.TextContent.Trim()));
        Assert.Contains("images?split=train&indexes=0,1&columns=2", tiny.QuerySelector("img")!.GetAttribute("src"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_PublishedNotHere_IsFetchedOnRequestAndShowsItsProgress()
    {
        await using var pages = await HubPages.OpenAsync();
        DatasetInfo? asked = null;
        var fetches = pages.Hub.Get<DatasetFetches>();
        fetches.Requested += (dataset, _) => asked = dataset;
        var page = pages.Render<DatasetsPage>();

        await page.WaitForElement("[aria-label='Fetch Fashion-MNIST']").ClickAsync();
        Assert.Same(DatasetCatalog.FashionMnist, asked);
        fetches.Report("fashion-mnist", "Downloading", 0.43);
        page.WaitForAssertion(() => Assert.Contains("fetching 43 %", page.Markup, StringComparison.Ordinal));

        fetches.End("fashion-mnist", "No route to anywhere.");
        page.WaitForAssertion(() => Assert.Contains("has a problem", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_OwnDataSet_ShowsClassesCountsImagesAndRuns()
    {
        await using var pages = await HubPages.OpenAsync();
        await AddTinyAsync(pages.Hub, "cat", "dog");
        await pages.Hub.FinishAsync("on-tiny", new TrainingSpec { Dataset = "tiny", BatchSize = 2 }, accuracies: 0.5);

        var page = pages.Render<DatasetPage>(parameters => parameters.Add(p => p.Key, "tiny"));

        page.WaitForAssertion(() => Assert.Equal(["cat", "dog"], page.FindAll("tbody th").Select(cell => cell.TextContent.Trim())));
        Assert.Equal(["3", "1", "3", "1"], page.FindAll("td.count span").Select(count => count.TextContent));
        Assert.Equal(["2 × 3, grey"], page.FindAll("dd").Select(fact => fact.TextContent)
            .Where(text => text.Contains("grey", StringComparison.Ordinal)));
        Assert.Contains("on-tiny", page.Markup, StringComparison.Ordinal);
        Assert.Equal(64, page.FindAll("dd.mono.plain")[0].TextContent.Length);
    }

    [Fact]
    public async Task Page_RunsThatAreTicked_CanBeCompared()
    {
        await using var pages = await HubPages.OpenAsync();
        await AddTinyAsync(pages.Hub, "cat", "dog");
        await pages.Hub.FinishAsync("one", new TrainingSpec { Dataset = "tiny", BatchSize = 2 }, accuracies: 0.5);
        await pages.Hub.FinishAsync("two", new TrainingSpec { Dataset = "tiny", BatchSize = 2, Seed = 2 }, accuracies: 0.6);
        await pages.Hub.FinishAsync("on mnist", accuracies: 0.9);
        var page = pages.Render<DatasetPage>(parameters => parameters.Add(p => p.Key, "tiny"));
        page.WaitForAssertion(() => Assert.Equal(["two", "one"], page.FindAll("td.name a").Select(link => link.TextContent)));
        await page.Find("thead input").ChangeAsync(true);
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("a.compare")));
        Assert.Contains("selected=", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_DataSetThatARunNeeds_IsNotDeleted()
    {
        await using var pages = await HubPages.OpenAsync();
        await AddTinyAsync(pages.Hub);
        await pages.Hub.EnqueueAsync(new TrainingSpec { Dataset = "tiny", BatchSize = 2 }, name: "eager-otter");
        var page = pages.Render<DatasetPage>(parameters => parameters.Add(p => p.Key, "tiny"));

        page.WaitForElements("button");
        // Found and clicked in one go: the page may render again in between.
        await page.InvokeAsync(() => page.FindAll("button")
            .Single(button => button.TextContent.Contains("Delete", StringComparison.Ordinal)).Click());

        Assert.NotNull(pages.Hub.Get<DatasetLibrary>().Find("tiny"));
    }

    [Fact]
    public async Task Page_FilesGone_SaysSoAndStillNamesTheClasses()
    {
        await using var pages = await HubPages.OpenAsync();
        await AddTinyAsync(pages.Hub, "cat", "dog");
        Directory.Delete(Path.Combine(pages.Hub.Folder.Datasets, "tiny"), recursive: true);

        var page = pages.Render<DatasetPage>(parameters => parameters.Add(p => p.Key, "tiny"));

        page.WaitForAssertion(() => Assert.Contains("The files of Tiny are gone", page.Markup, StringComparison.Ordinal));
        Assert.Contains("dog", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_Kmnist_SaysThatItWasNotTried()
    {
        await using var pages = await HubPages.OpenAsync();

        var page = pages.Render<DatasetPage>(parameters => parameters.Add(p => p.Key, "kmnist"));

        page.WaitForAssertion(() => Assert.Contains("Not tried yet", page.Markup, StringComparison.Ordinal));
        Assert.Contains("つ tsu", page.Markup, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("../mnist")]
    public async Task Page_UnknownKey_SaysSo(string key)
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<DatasetPage>(parameters => parameters.Add(p => p.Key, key));
        page.WaitForAssertion(() => Assert.Contains("There is no such data set", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task NewRun_OwnDataSet_CanBeChosenAndLimitsTheBatch()
    {
        await using var pages = await HubPages.OpenAsync();
        await AddTinyAsync(pages.Hub);
        pages.Visit("runs/new?dataset=tiny&batchSize=7");

        var page = pages.Render<NewRunPage>();

        page.WaitForAssertion(() => Assert.Contains("from 1 to 6", page.Markup, StringComparison.Ordinal));
        Assert.Equal("datasets/tiny", page.Find(".brief a").GetAttribute("href"));
    }

    [Theory]
    [InlineData("", "missing")]
    [InlineData("MNIST", "already")]
    [InlineData("Digits of mine", null)]
    public async Task Upload_Name_IsJudgedBeforeAnythingIsSent(string name, string? reason)
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<DatasetUploadPage>();

        var problem = page.Instance.CheckName(name);

        Assert.True(reason is null ? problem is null : problem!.Contains(reason, StringComparison.Ordinal), problem);
    }

    private static async Task AddTinyAsync(EmptyHub hub, params string[] classNames)
    {
        var incoming = Path.Combine(hub.Folder.Root, "tiny-incoming");
        DataFolder.Create(hub.Folder.Datasets);
        DataFolder.Create(incoming);
        byte[][] files = [.. TinyIdx.Files().Values];
        for (var i = 0; i < files.Length; i++)
            await File.WriteAllBytesAsync(Path.Combine(incoming, DatasetFile.UsualNames[i]), files[i]);
        await hub.Get<DatasetLibrary>().AddAsync(new OwnDataset
        {
            Key = "tiny",
            Name = "Tiny",
            TrainSamples = 6,
            TestSamples = 2,
            Classes = 2,
            Height = TinyIdx.Height,
            Width = TinyIdx.Width,
            ClassNames = [.. classNames],
        }.With([.. files.Select(file => Convert.ToHexStringLower(SHA256.HashData(file)))]), incoming);
    }
}
