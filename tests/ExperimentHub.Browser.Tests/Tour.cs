using Microsoft.Playwright;

namespace ExperimentHub.Browser.Tests;

/// <summary>
/// The pictures of docs/tour.md, taken while a test goes through the product. They land in artifacts/tour, or in the folder that
/// EXPERIMENTHUB_TOUR names (docs/images, to renew the ones that are published).
/// </summary>
internal static class Tour
{
    private static readonly string Folder = Path.GetFullPath(
        Environment.GetEnvironmentVariable("EXPERIMENTHUB_TOUR") is { Length: > 0 } folder
            ? folder : Path.Combine("artifacts", "tour"), Repository.Root);

    /// <summary>Takes the picture, a light one and a dark one, once nothing loads any more and every chart on it has its curves.</summary>
    public static async Task TakeAsync(IPage page, string name)
    {
        await Assertions.Expect(page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
        await page.WaitForFunctionAsync(
            "() => [...document.querySelectorAll('.panel')].filter(panel => panel.getBoundingClientRect().bottom < innerHeight).every(panel => "
                + "globalThis.echarts && (echarts.getInstanceByDom(panel)?.getOption().series ?? []).some(series => series.data.length > 0))");
        foreach (var (scheme, suffix) in new[] { (ColorScheme.Dark, "-dark"), (ColorScheme.Light, "") })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            // The charts take the colours of the theme when they hear of it.
            await page.EvaluateAsync("() => new Promise(painted => requestAnimationFrame(() => requestAnimationFrame(painted)))");
            await page.ScreenshotAsync(new PageScreenshotOptions
            {
                Path = Path.Combine(Folder, $"{name}{suffix}.png"),
                Animations = ScreenshotAnimations.Disabled
            });
        }
    }
}
