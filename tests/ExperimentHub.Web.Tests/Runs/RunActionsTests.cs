using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class RunActionsTests
{
    [Fact]
    public async Task RunPage_Pause_SaysPausingAndAsks()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await PlayedRun.StartAsync(pages.Hub);
        var page = Open(pages, run.Id);
        await Button(page, "Pause").ClickAsync();
        page.WaitForAssertion(() => Assert.True(Button(page, "Pausing…").HasAttribute("disabled")));
        Assert.Contains("pausing…", page.Find(".chip").TextContent, StringComparison.Ordinal);
        Assert.NotNull((await run.ReadAsync()).Training!.PauseRequestedAt);
    }

    [Fact]
    public async Task RunPage_Paused_SaysWhereItGoesOnAndResumes()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await PlayedRun.StartAsync(pages.Hub);
        await run.EpochAsync(1);
        await pages.Hub.Control.PauseAsync(run.Id);
        await run.PausePointAsync(1, 5);
        await run.EndAsync(AttemptEnding.Paused);
        var page = Open(pages, run.Id);
        Assert.Contains("Resumed, it goes on after step 5 of epoch 2.", page.Find(".notices").TextContent, StringComparison.Ordinal);
        Assert.Contains("30 %", page.Markup, StringComparison.Ordinal); // one and a half of five epochs
        Assert.Equal("Stop", Button(page, "Stop").TextContent.Trim());
        await Button(page, "Resume").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("queued", page.Find(".chip").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunPage_OtherTorchThanBefore_SaysSoBeforeItGoesOn()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Hub.Devices.Report = EmptyHub.OneCpu with { TorchVersion = "2.11.0" };
        var run = await PlayedRun.StartAsync(pages.Hub);
        await run.EpochAsync(1);
        await run.EndAsync(AttemptEnding.Stopped);
        Assert.Contains("it is libtorch 2.11.0 instead of 2.10.0", Open(pages, run.Id).Find(".notices").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunPage_WentOnElsewhere_SaysSoAfterwards()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await PlayedRun.StartAsync(pages.Hub);
        await run.EpochAsync(1);
        await run.EndAsync(AttemptEnding.Stopped);
        await pages.Hub.Control.ResumeAsync(run.Id);
        var again = await PlayedRun.StartAsync(pages.Hub, waiting: run.Id, started: PlayedRun.Started(threads: 2),
            resume: new ResumePoint(1, CheckpointName.For(1, 1), CheckpointName.StateFor(1, 1)));
        await again.EndAsync(reason: "Plateau: it no longer learns.");
        var notices = Open(pages, run.Id).Find(".notices").TextContent;
        Assert.Contains("From attempt 2 on (after epoch 1) it uses 2 threads instead of 1.", notices, StringComparison.Ordinal);
        Assert.Contains("do not have the bits", notices, StringComparison.Ordinal);
        Assert.Contains("Ended early: Plateau: it no longer learns.", notices, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunPage_Forks_AreLinkedOnBothSides()
    {
        await using var pages = await HubPages.OpenAsync();
        var parent = await PlayedRun.StartAsync(pages.Hub);
        await parent.EpochAsync(1);
        var fork =
            (await pages.Hub.Queue.EnqueueAsync(new RunRequest("forks", "the fork", new TrainingSpec(),
                Fork: new ForkSource(parent.Id, 1)))).Run!.Value;
        Assert.Contains("1 fork: the fork after epoch 1", Words(Open(pages, parent.Id).Find(".notices").TextContent), StringComparison.Ordinal);
        Assert.Contains($"Forked from {(await parent.ReadAsync()).Name} after epoch 1.", Words(Open(pages, fork).Find(".notices").TextContent),
            StringComparison.Ordinal);
        await parent.EndAsync();
        await pages.Hub.Get<RunDeletion>().DeleteAsync(parent.Id);
        Assert.Contains("Forked from a run that was deleted after epoch 1.", Words(Open(pages, fork).Find(".notices").TextContent),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunPage_Reproduction_HasItsVerdictOnBothPages()
    {
        await using var pages = await HubPages.OpenAsync();
        var original = await PlayedRun.StartAsync(pages.Hub);
        await original.EpochAsync(1);
        await original.EndAsync();
        var id = (await pages.Hub.Control.ReproduceAsync(original.Id)).Run!.Value;
        Assert.Contains("queued; the verdict comes when it has finished", Open(pages, id).Find(".verdict").TextContent, StringComparison.Ordinal);
        var again = await PlayedRun.StartAsync(pages.Hub, waiting: id, started: PlayedRun.Started(threads: 2));
        await again.EpochAsync(1);
        await again.EndAsync();
        foreach (var page in new[] { Open(pages, original.Id), Open(pages, id) })
        {
            page.WaitForAssertion(() => Assert.Contains("identical.", page.Find(".verdict.identical").TextContent, StringComparison.Ordinal));
            Assert.Contains("Another number of threads: 1 before, 2 now.", page.Find(".verdict").TextContent, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TrainOn_Cosine_AsksFirstThenTrains()
    {
        await using var pages = await HubPages.OpenAsync();
        var spec = new TrainingSpec { Epochs = 2, LearningRateSchedule = new LearningRateSchedule { Kind = LearningRateSchedule.Cosine } };
        var id = await pages.Hub.FinishAsync("a", spec, accuracies: [0.8, 0.9]);
        var provider = pages.Render<MudDialogProvider>();
        var page = Open(pages, id);
        _ = Button(page, "Train on…").ClickAsync();
        provider.WaitForAssertion(() => Assert.Contains("ends after epoch 3 instead of 2", provider.Markup, StringComparison.Ordinal));
        await Button(provider, "Train on").ClickAsync();
        provider.WaitForAssertion(() => Assert.Contains("it jumps from", provider.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        Assert.Equal(2, (await pages.Hub.ReadAsync(id)).Training!.PlannedEpochs);
        await Button(provider, "Train on all the same").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("queued", page.Find(".chip").TextContent, StringComparison.Ordinal));
        Assert.Equal(3, (await pages.Hub.ReadAsync(id)).Training!.PlannedEpochs);
    }

    [Fact]
    public async Task Policy_Change_IsPreviewedThenDone()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await PlayedRun.StartAsync(pages.Hub);
        for (var epoch = 1; epoch <= 4; epoch++)
            await run.EpochAsync(epoch, best: epoch == 1);
        pages.Visit($"/runs/{run.Id}?tab=checkpoints");
        var dialogs = pages.Render<MudDialogProvider>();
        var page = Open(pages, run.Id);
        Assert.Contains(page.FindAll("a"), link => link.GetAttribute("href") == $"runs/new?fork={run.Id}:3");
        await page.FindAll(".policy input[type=radio]")[1].ChangeAsync(true);
        page.WaitForAssertion(() => Assert.Equal($"Delete 2 checkpoints, {BytesOf(2)}…",
            page.Find(".policy button[type=submit]").TextContent.Trim()));
        var asked = page.Find(".policy form").SubmitAsync();
        dialogs.WaitForAssertion(() => Assert.Contains($"Those of epochs 2, 3. They take {BytesOf(2)} and cannot be brought back.", dialogs.Markup,
            StringComparison.Ordinal));
        // While the question stands another checkpoint is saved: what was agreed to is no longer what would go, so it is asked again.
        await run.EpochAsync(5, best: false);
        await Button(dialogs, $"Delete 2 checkpoints, {BytesOf(2)}").ClickAsync();
        dialogs.WaitForAssertion(() => Assert.Contains("Those of epochs 2, 3, 4.", dialogs.Markup, StringComparison.Ordinal));
        Assert.Equal(5, (await run.ReadAsync()).Checkpoints.Count);
        await Button(dialogs, $"Delete 3 checkpoints, {BytesOf(3)}").ClickAsync();
        await asked;
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("[aria-label=Checkpoints] tbody tr").Count));
        Assert.Equal(new CheckpointPolicy { Every = 0 }, (await run.ReadAsync()).Training!.Spec.Checkpoints);

        // Of each the weights and the state.
        static string BytesOf(int checkpoints) => Figures.Size(2 * checkpoints * TinyCheckpoint.Of("weights 1").Length);
    }

    [Fact]
    public async Task NewRun_Fork_BeginsWithTheParentsSettingsAndKeepsTheFork()
    {
        await using var pages = await HubPages.OpenAsync();
        var parent = await PlayedRun.StartAsync(pages.Hub, new TrainingSpec { BatchSize = 77, Seed = 5 });
        await parent.EpochAsync(1);
        pages.Visit($"/runs/new?fork={parent.Id}:1&epochs=9");
        var form = pages.Render<NewRunPage>();
        Assert.Contains($"the weights of {(await parent.ReadAsync()).Name} after epoch 1", Words(form.Find("[role=note]").TextContent),
            StringComparison.Ordinal);
        await form.Find("form").SubmitAsync();
        form.WaitForAssertion(() => Assert.Matches("runs/[0-9a-f]{32}$", pages.Address));
        var run = await pages.Hub.ReadAsync(RunId.Parse(pages.Address[^32..], null));
        Assert.Equal((new ForkSource(parent.Id, 1), 77, 5L, 9),
            (ForkSource.Of(run.Training), run.Training!.BatchSize, run.Training!.Spec.Seed, run.Training!.PlannedEpochs));
    }

    [Theory]
    [InlineData("banana")]
    [InlineData("0123456789abcdef0123456789abcdef:1")]
    public async Task NewRun_ForkOfNothing_SaysSo(string fork)
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit($"/runs/new?fork={fork}");
        Assert.Contains("does not exist", pages.Render<NewRunPage>().Markup, StringComparison.Ordinal);
    }

    private static IRenderedComponent<RunPage> Open(HubPages pages, RunId id) =>
        pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id.ToString()));

    private static AngleSharp.Dom.IElement Button<T>(IRenderedComponent<T> page, string word)
        where T : Microsoft.AspNetCore.Components.IComponent => page.FindAll("button").Single(button => button.TextContent.Trim() == word);

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
