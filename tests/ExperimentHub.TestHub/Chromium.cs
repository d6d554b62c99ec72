using Microsoft.Playwright;

namespace ExperimentHub.TestHub;

/// <summary>Debian's Chromium, driven by Playwright.</summary>
public sealed class Chromium : IAsyncDisposable
{
    /// <summary>Where it is looked for.</summary>
    public static readonly IReadOnlyList<string> Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>
    /// What no test needs. Each new window would build an address bar of its own from some three hundred files, a third of a second beside the page
    /// that is looked at. Of two lists Chromium takes the last, so what Playwright leaves out is here as well.
    /// </summary>
    private static readonly string[] Left =
    [
        "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
        "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "DialMediaRouteProvider", "GlobalMediaControls", "HttpsUpgrades",
        "LensOverlay", "MediaRouter",
        "PaintHolding", "ThirdPartyStoragePartitioning", "BlockOriginHeaderModificationOnRedirect", "AvoidCorsURLLoaderRestartOnRedirect",
        "Translate", "AutoDeElevate",
        "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    ];

    private static readonly string[] Switches =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync",
        "--disable-features=" + string.Join(',', Left),
    ];

    private const int Patience = 30_000;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <returns>null where none is installed.</returns>
    public static async Task<Chromium?> StartAsync()
    {
        if (Places.FirstOrDefault(File.Exists) is not { } chromium)
            return null;
        var playwright = await Playwright.CreateAsync();
        // As for actions below: a busy machine is no reason to fail, and what comes ends the waiting at once.
        Assertions.SetDefaultExpectTimeout(Patience);
        return new Chromium(playwright,
            await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = chromium, Args = Switches }));
    }

    /// <summary>A new page with no memory of others.</summary>
    /// <param name="hub">Where it begins; <paramref name="onForeignRequest"/> hears of each address elsewhere that the page asks for.</param>
    public async Task<IPage> OpenAsync(Uri hub, int width, int height, ColorScheme scheme, Action<string>? onForeignRequest = null)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = hub.ToString(),
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            TimezoneId = "Europe/Berlin",
            Locale = "en-GB",
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(Patience);
        page.Request += (_, request) =>
        {
            if (request.Url.StartsWith("http", StringComparison.Ordinal) && new Uri(request.Url).Authority != hub.Authority)
                onForeignRequest?.Invoke(request.Url);
        };
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
