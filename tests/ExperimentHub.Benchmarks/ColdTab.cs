using ExperimentHub.TestHub;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// A tab of Chromium in which every page comes without a cache. One tab for all rounds: a new window makes Chromium build its own address bar from
/// some three hundred files, on the same processors and at the same time as the page that is measured.
/// </summary>
internal sealed class ColdTab : IAsyncDisposable
{
    private readonly IPage _page;

    private ColdTab(IPage page) => _page = page;

    public static async Task<ColdTab> OpenAsync(Chromium chromium, Uri hub)
    {
        var page = await chromium.OpenAsync(hub, 1280, 800, ColorScheme.Light);
        var devTools = await page.Context.NewCDPSessionAsync(page);
        await devTools.SendAsync("Network.enable");
        await devTools.SendAsync("Network.setCacheDisabled", new() { ["cacheDisabled"] = true });
        return new ColdTab(page);
    }

    /// <summary>Begins the navigation to a page. What came before, the circuit too, is gone by then.</summary>
    public async Task<IPage> GoAsync(string path)
    {
        await _page.GotoAsync("about:blank");
        await _page.GotoAsync(path, new() { WaitUntil = WaitUntilState.Commit });
        return _page;
    }

    /// <summary>Milliseconds since the navigation began.</summary>
    public static Task<double> NowAsync(IPage page) => page.EvaluateAsync<double>("() => performance.now()");

    public async ValueTask DisposeAsync() => await _page.Context.CloseAsync();
}
