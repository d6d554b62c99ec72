using Microsoft.Playwright;

namespace ExperimentHub.Browser.Tests;

/// <summary>
/// The pictures of docs/tour.md, taken while a test goes through the product. They land in artifacts/tour, or in the folder that
/// EXPERIMENTHUB_TOUR names (docs/images, to renew the ones that are published).
/// </summary>
internal static class Tour
{
    private static readonly string Folder = Path.GetFullPath(
        Environment.GetEnvironmentVariable("EXPERIMENTHUB_TOUR") is { Length: > 0 } folder ? folder : Path.Combine("artifacts", "tour"), Repository.Root);

    public static Task TakeAsync(IPage page, string name) =>
        page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{name}.png"), Animations = ScreenshotAnimations.Disabled });
}
