using Microsoft.Playwright;

namespace ExperimentHub.Browser.Tests;

/// <summary>One browser for all tests of a class; each test opens a page of its own.</summary>
public sealed class Browser : IAsyncLifetime
{
    private Chromium? _chromium;

    public async ValueTask InitializeAsync() => _chromium = await Chromium.StartAsync();

    /// <summary>A new page with no memory of others; skips the test where there is no Chromium.</summary>
    public async Task<IPage> OpenAsync(Uri hub, int width = 1280, int height = 800, ColorScheme scheme = ColorScheme.Light)
    {
        if (_chromium is null)
            Assert.Skip($"No Chromium at {string.Join(", ", Chromium.Places)}; on Debian: apt-get install chromium");
        // A page that asks another host for anything is a defect wherever it happens.
        return await _chromium.OpenAsync(hub, width, height, scheme, url => Assert.Fail($"The page asked {url}"));
    }

    public Task<IPage> OpenAsync(HubProcess hub, int width = 1280, int height = 800, ColorScheme scheme = ColorScheme.Light) =>
        OpenAsync(hub.Address, width, height, scheme);

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null)
            await _chromium.DisposeAsync();
    }
}
