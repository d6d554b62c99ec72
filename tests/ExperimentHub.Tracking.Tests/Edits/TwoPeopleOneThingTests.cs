using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Views;

namespace ExperimentHub.Tracking.Tests.Edits;

/// <summary>Two people edit one thing, from the same version: the later save never wipes the earlier one.</summary>
public sealed class TwoPeopleOneThingTests
{
    private const int People = 8;

    public static TheoryData<string> Things =>
        ["notes", "run name", "new tag", "tag", "policy", "experiment name", "description", "settings", "schedule", "new view", "view"];

    [Theory]
    [MemberData(nameof(Things))]
    public async Task Edit_SeveralAtOnceFromOneVersion_ExactlyOneWins(string thing)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var edited = await ThingAsync(hub, thing);
        var saved = await Task.WhenAll(Enumerable.Range(1, People).Select(person => Task.Run(() => edited.SaveAsync(person, edited.Version))));
        var winner = Array.FindIndex(saved, won => won) + 1;
        Assert.Equal(1, saved.Count(won => won));
        Assert.Equal(edited.Value(winner), await edited.ReadAsync());
    }

    [Theory]
    [MemberData(nameof(Things))]
    public async Task Edit_AfterSomebodyElse_IsRefusedUntilItBeginsFromTheirs(string thing)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var edited = await ThingAsync(hub, thing);
        Assert.True(await edited.SaveAsync(1, edited.Version));
        Assert.False(await edited.SaveAsync(2, edited.Version));
        Assert.Equal(edited.Value(1), await edited.ReadAsync());
        Assert.True(await edited.SaveAsync(2, await edited.VersionAsync()));
        Assert.Equal(edited.Value(2), await edited.ReadAsync());
        Assert.True(await edited.SaveAsync(3, null)); // whoever names no version writes over any
        Assert.Equal(edited.Value(3), await edited.ReadAsync());
    }

    [Fact]
    public async Task Edits_OfDifferentPartsOfARun_AreNoConflict()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        var (annotations, before) = (hub.Get<RunAnnotations>(), (await hub.ReadAsync(key.Run)).Version);
        await hub.Recorder.StartedAsync(key, PlayedRun.Started());
        await hub.Recorder.EpochAsync(key, new EpochFinished(1, 0.4, 0.3, 0.9, 0.5) { Best = true }); // progress is no edit
        Assert.Equal(before, (await hub.ReadAsync(key.Run)).Version);
        var results = await Task.WhenAll(
            annotations.WriteNotesAsync(key.Run, "why", before), annotations.RenameAsync(key.Run, "renamed", before),
            annotations.TagAsync(key.Run, "night", "", before), annotations.TagAsync(key.Run, "owner", "anna", before));
        Assert.All(results, result => Assert.Equal((true, null, false), (result.Found, result.Problem, result.Conflict)));
        Assert.Equal(PolicyOutcome.Changed, (await hub.Get<CheckpointKeeper>()
            .ChangeAsync(key.Run, new CheckpointPolicy { Every = 2 }, begunFrom: before)).Outcome);
        var run = await hub.ReadAsync(key.Run);
        Assert.Equal(("why", "renamed", 2, before + 5), (run.Notes, run.Name, run.Tags.Count, run.Version));
    }

    [Fact]
    public async Task Edits_OfDifferentPartsOfAnExperiment_AreNoConflict()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (store, id) = await ExperimentAsync(hub);
        var before = (await store.FindAsync(id))!.Version;
        Assert.Equal(id, (await store.UpdateAsync(id, new ExperimentChange(Description: "theirs"), before)).Id);
        Assert.Equal(id, (await store.UpdateAsync(id, new ExperimentChange(DefaultSpec: new TrainingSpec { Epochs = 7 }), before)).Id);
        Assert.True((await store.UpdateAsync(id, new ExperimentChange(Name: "mine", Description: "mine"), before)).Conflict);
        var now = (await store.FindAsync(id))!;
        Assert.Equal(("e", "theirs", 7), (now.Name, now.Description, now.DefaultSpec.Epochs)); // nothing of a refused edit is written
    }

    [Fact]
    public async Task Delete_OfWhatSomebodyEditedSince_KeepsIt()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.ReadAsync(await hub.FinishAsync("one", accuracies: [0.5]));
        var (deletion, store) = (hub.Get<RunDeletion>(), hub.Get<ExperimentStore>());
        await hub.Get<RunAnnotations>().WriteNotesAsync(run.Id, "keep this one");
        await store.UpdateAsync(run.ExperimentId, new ExperimentChange(Description: "and this"));
        Assert.Equal(DeleteOutcome.Conflict, await deletion.DeleteAsync(run.Id, run.Version));
        Assert.Equal(ExperimentDeletion.Conflict, await store.DeleteAsync(run.ExperimentId, run.Experiment.Version));
        Assert.Equal("keep this one", (await hub.ReadAsync(run.Id)).Notes);
        Assert.Equal(DeleteOutcome.Deleted, await deletion.DeleteAsync(run.Id, run.Version + 1));
    }

    [Fact]
    public async Task Schedule_SwitchedOffWhileItIsEdited_StaysOff()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (_, experiment) = await ExperimentAsync(hub);
        var schedules = hub.Get<ScheduleStore>();
        var id = (await schedules.CreateAsync(experiment, new ScheduleDraft("0 30 2 * * ?", "Europe/Berlin"))).Id!.Value;
        var before = (await schedules.FindAsync(id))!.Schedule.Version;
        await schedules.SwitchAsync(id, enabled: false);
        Assert.Equal(id, (await schedules.UpdateAsync(id, new ScheduleDraft("0 45 3 * * ?", "Europe/Berlin"), before)).Id);
        Assert.Equal((false, "0 45 3 * * ?"),
            ((await schedules.FindAsync(id))!.Schedule.Enabled, (await schedules.FindAsync(id))!.Schedule.CronTyped));
    }

    [Fact]
    public async Task Tag_RemovedOrChangedMeanwhile_IsNotWipedSilently()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (annotations, id) = (hub.Get<RunAnnotations>(), await hub.EnqueueAsync());
        await annotations.TagAsync(id, "owner", "anna");
        var before = (await hub.ReadAsync(id)).Version;
        await annotations.UntagAsync(id, "owner", before);
        Assert.True((await annotations.TagAsync(id, "owner", "ben", before)).Conflict); // it began from anna's
        await annotations.TagAsync(id, "owner", "carl");
        Assert.True((await annotations.UntagAsync(id, "owner", before)).Conflict);
        Assert.True((await annotations.TagAsync(id, "owner", "dora", RunTag.None)).Conflict); // only where there is none
        Assert.Equal(["owner=carl"], (await hub.ReadAsync(id)).Tags.Select(tag => tag.ToString()));
    }

    [Fact]
    public async Task BulkTag_Undone_GivesBackWhatEachRunHadAndLeavesLaterEdits()
    {
        await using var hub = await EmptyHub.CreateAsync();
        RunId[] runs = [await hub.EnqueueAsync(), await hub.EnqueueAsync(), await hub.EnqueueAsync()];
        var (annotations, bulk) = (hub.Get<RunAnnotations>(), hub.Get<RunBulk>());
        await annotations.TagAsync(runs[0], "owner", "anna");
        var seen = (await hub.ReadAsync(runs[2])).Version;
        var before = new List<TagBefore>();
        await bulk.TagAsync(RunTargets.Of(runs), "Owner", "ben", before);
        Assert.True((await annotations.TagAsync(runs[2], "owner", "carl", seen)).Conflict); // a bulk change is an edit too
        await annotations.TagAsync(runs[2], "owner", "carl");
        Assert.Equal(2, await bulk.RestoreTagsAsync("owner", "ben", before));
        Assert.Equal(["owner=anna", "", "Owner=carl"], await TagsAsync(hub, runs));

        before.Clear();
        await bulk.UntagAsync(RunTargets.Of(runs), "owner", before);
        Assert.Equal(2, await bulk.RestoreTagsAsync("owner", null, before));
        Assert.Equal(["owner=anna", "", "owner=carl"], await TagsAsync(hub, runs));
    }

    private static async Task<IReadOnlyList<string>> TagsAsync(EmptyHub hub, IEnumerable<RunId> runs)
    {
        var texts = new List<string>();
        foreach (var run in runs)
            texts.Add(string.Join(' ', (await hub.ReadAsync(run)).Tags));
        return texts;
    }

    private static async Task<(ExperimentStore Store, int Id)> ExperimentAsync(EmptyHub hub) =>
        (hub.Get<ExperimentStore>(), (await hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("e", "", new TrainingSpec()))).Id!.Value);

    /// <summary>A thing that people edit: person n writes <paramref name="Value"/> of n.</summary>
    private sealed record Thing(int Version, Func<int, int?, Task<bool>> SaveAsync, Func<Task<string>> ReadAsync, Func<Task<int>> VersionAsync,
        Func<int, string> Value);

    private static async Task<Thing> ThingAsync(EmptyHub hub, string thing)
    {
        var run = await hub.EnqueueAsync(experiment: "of the run");
        var (store, experiment) = await ExperimentAsync(hub);
        var (annotations, schedules, views) = (hub.Get<RunAnnotations>(), hub.Get<ScheduleStore>(), hub.Get<ViewStore>());
        await annotations.TagAsync(run, "known", "");
        var schedule = (await schedules.CreateAsync(experiment, new ScheduleDraft("0 0 1 * * ?", "Etc/UTC"))).Id!.Value;
        if (thing == "view")
            await views.SaveAsync("v", new ViewState());
        return thing switch
        {
            "notes" => await OfRunAsync(annotations.WriteNotesAsync, run => run.Notes),
            "run name" => await OfRunAsync(annotations.RenameAsync, run => run.Name),
            "new tag" =>
                await OfRunAsync((id, text, from, stop) => annotations.TagAsync(id, "new", text, from, stop),
                    run => run.Tags.Single(tag => tag.Name == "new").Value),
            "tag" => await OfRunAsync((id, text, from, stop) => annotations.TagAsync(id, "known", text, from, stop),
                run => run.Tags.Single(tag => tag.Name == "known").Value),
            "policy" => await OfRunAsync(
                async (id, text, from, stop) => new AnnotationResult(true, null, (await hub.Get<CheckpointKeeper>()
                    .ChangeAsync(id, new CheckpointPolicy { Every = int.Parse(text[1..], null) }, null, from,
                        stop)).Outcome == PolicyOutcome.Conflict),
                run => $"p{run.Training!.Spec.Checkpoints!.Every}"),
            "experiment name" => await OfExperimentAsync(text => new ExperimentChange(Name: text), e => e.Name),
            "description" => await OfExperimentAsync(text => new ExperimentChange(Description: text), e => e.Description),
            "settings" =>
                await OfExperimentAsync(text => new ExperimentChange(DefaultSpec: new TrainingSpec { Epochs = 10 + int.Parse(text[1..], null) }),
                    e => $"p{e.DefaultSpec.Epochs - 10}"),
            "schedule" => new Thing((await schedules.FindAsync(schedule))!.Schedule.Version,
                async (person, from) =>
                    (await schedules.UpdateAsync(schedule, new ScheduleDraft($"0 {person} 2 * * ?", "Etc/UTC"), from)).Id is not null,
                async () => (await schedules.FindAsync(schedule))!.Schedule.CronTyped,
                async () => (await schedules.FindAsync(schedule))!.Schedule.Version, person => $"0 {person} 2 * * ?"),
            _ => new Thing((await views.FindAsync("v"))?.Version ?? ViewStore.None,
                async (person, from) => await views.SaveAsync("v", new ViewState($"name = 'p{person}'"), from) is
                {
                    Conflict: false,
                    Problems.Count: 0
                },
                async () => (await views.FindAsync("v"))!.State.Filter, async () => (await views.FindAsync("v"))!.Version,
                person => $"name = 'p{person}'"),
        };

        async Task<Thing> OfRunAsync(Func<RunId, string, int?, CancellationToken, Task<AnnotationResult>> save, Func<Run, string> read) => new(
            (await hub.ReadAsync(run)).Version, async (person, from) => !(await save(run, $"p{person}", from, CancellationToken.None)).Conflict,
            async () => read(await hub.ReadAsync(run)), async () => (await hub.ReadAsync(run)).Version, person => $"p{person}");

        async Task<Thing> OfExperimentAsync(Func<string, ExperimentChange> change, Func<Experiment, string> read) => new(
            (await store.FindAsync(experiment))!.Version,
            async (person, from) => (await store.UpdateAsync(experiment, change($"p{person}"), from)).Id is not null,
            async () => read((await store.FindAsync(experiment))!), async () => (await store.FindAsync(experiment))!.Version, person => $"p{person}");
    }
}
