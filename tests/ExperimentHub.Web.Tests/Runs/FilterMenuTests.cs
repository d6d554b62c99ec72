using Bunit;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class FilterMenuTests
{
    private readonly TaskCompletionSource<IReadOnlyList<string>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    [Fact]
    public async Task FilterMenu_UntilItOpens_AsksForNothing()
    {
        await using var pages = await HubPages.OpenAsync();
        var menu = Render(pages);
        Assert.Equal(0, _asked);
        var opening = menu.Find("details").TriggerEventAsync("ontoggle", EventArgs.Empty);
        // What is chosen can be taken back before the others are read.
        menu.WaitForAssertion(() => Assert.Equal(["gone"], Choices(menu)));
        _answer.SetResult(["lenet-5", "mlp"]);
        await opening;
        menu.WaitForAssertion(() => Assert.Equal(["lenet-5", "mlp", "gone"], Choices(menu)));
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task FilterMenu_LeftWhileItReads_EndsItsQuestion()
    {
        await using var pages = await HubPages.OpenAsync();
        var menu = Render(pages);
        var opening = menu.Find("details").TriggerEventAsync("ontoggle", EventArgs.Empty);
        await _begun.Task;
        await pages.DisposeComponentsAsync();
        await opening;
        Assert.True(_answer.Task.IsCanceled);
    }

    private IRenderedComponent<FilterMenu> Render(HubPages pages) => pages.Render<FilterMenu>(parameters => parameters
        .Add(menu => menu.Label, "Model").Add(menu => menu.Chosen, ["gone"]).Add(menu => menu.Offered, gone =>
        {
            _asked++;
            _begun.TrySetResult();
            gone.Register(() => _answer.TrySetCanceled(gone));
            return _answer.Task;
        }));

    private static IEnumerable<string> Choices(IRenderedComponent<FilterMenu> menu) =>
        menu.FindAll("label").Select(label => label.TextContent.Trim());
}
