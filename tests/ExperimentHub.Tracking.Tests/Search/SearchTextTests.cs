using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Tracking.Tests.Search;

public sealed class SearchTextTests
{
    [Theory]
    [InlineData("50% off_it's\\done")]
    [InlineData("plain")]
    public async Task NameContains_AnyText_FindsItAndNothingElse(string part)
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(name: $"before {part} after");
        await hub.EnqueueAsync(name: "50 percent off-it's done");
        var page = (await hub.Get<RunSearch>().ListAsync(new RunQuery(SearchText.NameContains(part)))).Answer!;
        Assert.Equal($"before {part} after", Assert.Single(page.Items).Run.Name);
    }

    [Fact]
    public async Task Condition_EveryKindOfValue_FindsTheRunThatHasIt()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(new TrainingSpec { Seed = 3, Model = new() { Kind = "mlp", HiddenSizes = [8], BatchNorm = true } }, name: "it's");
        await hub.EnqueueAsync(new TrainingSpec { Seed = 4 }, name: "other");
        var search = hub.Get<RunSearch>();
        const string Columns = "name, status, created, device, archived, params.seed, params.model.batchNorm, params.model.hiddenSizes, tags.none";
        var first = (await search.ListAsync(new RunQuery("name = 'it''s'"), Columns)).Answer!;
        foreach (var (column, value) in first.Columns.Zip(first.Items[0].Cells))
        {
            var condition = SearchText.Condition(column, value);
            var found = await search.ListAsync(new RunQuery(condition));
            Assert.True(found.Answer?.Items.Any(row => row.Run.Name == "it's"),
                $"{condition}: {string.Join(' ', found.Problems.Select(problem => problem.Message))}");
        }
    }

    [Fact]
    public async Task Query_ConditionsBesideTheFilter_AllCount()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(new TrainingSpec { Model = new() { Kind = "small-cnn" } }, name: "a");
        await hub.EnqueueAsync(name: "b");
        await hub.EnqueueAsync(new TrainingSpec { Model = new() { Kind = "lenet-5" } }, name: "c");
        var search = hub.Get<RunSearch>();
        Assert.Equal(["c", "a"], (await search.ListAsync(new RunQuery(Models: ["small-cnn", "lenet-5"]))).Answer!.Items.Select(row => row.Run.Name));
        Assert.Equal(["a"],
            (await search.ListAsync(new RunQuery("name < 'c'", Models: ["small-cnn", "lenet-5"], Statuses: [RunStatus.Queued]))).Answer!.Items.Select(
                row => row.Run.Name));
        Assert.Empty((await search.ListAsync(new RunQuery(Devices: ["cuda"]))).Answer!.Items);
    }
}
