using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunAnnotationsTests
{
    [Fact]
    public async Task Tag_SameNameInOtherCase_GetsTheNewValue()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (annotations, id) = (hub.Get<RunAnnotations>(), await hub.EnqueueAsync());
        await annotations.TagAsync(id, "Owner", "anna");
        await annotations.TagAsync(id, "owner", "ben");
        await annotations.TagAsync(id, "night", "");
        Assert.Equal(["night", "Owner=ben"], (await hub.ReadAsync(id)).Tags.Select(tag => tag.ToString()));
        await annotations.UntagAsync(id, "OWNER");
        Assert.Equal(["night"], (await hub.ReadAsync(id)).Tags.Select(tag => tag.ToString()));
    }

    [Fact]
    public async Task Tag_OneTooMany_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (annotations, id) = (hub.Get<RunAnnotations>(), await hub.EnqueueAsync());
        for (var i = 0; i < RunTag.MaxOfARun; i++)
            Assert.Null((await annotations.TagAsync(id, $"tag{i}", "")).Problem);
        Assert.Contains("at most 50 tags", (await annotations.TagAsync(id, "more", "")).Problem, StringComparison.Ordinal);
        Assert.Null((await annotations.TagAsync(id, "tag7", "value")).Problem); // not one more
    }

    [Fact]
    public async Task UsedTags_OfManyRuns_TheMostUsedFirst()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var annotations = hub.Get<RunAnnotations>();
        var (first, second) = (await hub.EnqueueAsync(), await hub.EnqueueAsync());
        await annotations.TagAsync(first, "rare", "x");
        await annotations.TagAsync(first, "often", "");
        await annotations.TagAsync(second, "often", "");
        Assert.Equal(["often", "rare=x"], await annotations.UsedTagsAsync(10));
        Assert.Equal(["often"], await annotations.UsedTagsAsync(1));
    }

    [Fact]
    public async Task Notes_WhileTheRunReports_StandBesideItsProgress()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        var annotations = hub.Get<RunAnnotations>();
        await annotations.WriteNotesAsync(key.Run, "# Why");
        await annotations.RenameAsync(key.Run, "  renamed ");
        await hub.Recorder.EndAsync(key, AttemptEnding.Failed, "It broke.", 1);
        var run = await hub.ReadAsync(key.Run);
        Assert.Equal(("# Why", "renamed", RunStatus.Failed), (run.Notes, run.Name, run.Status));
    }

    [Fact]
    public async Task Notes_TooLongOrOfNoRun_AreRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (annotations, id) = (hub.Get<RunAnnotations>(), await hub.EnqueueAsync());
        Assert.Contains("20,000", (await annotations.WriteNotesAsync(id, new string('a', 20_001))).Problem, StringComparison.Ordinal);
        Assert.Contains("is missing", (await annotations.RenameAsync(id, " ")).Problem, StringComparison.Ordinal);
        Assert.False((await annotations.WriteNotesAsync(RunId.New(TimeProvider.System), "x")).Found);
        Assert.False((await annotations.TagAsync(RunId.New(TimeProvider.System), "x", "")).Found);
    }
}
