using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Tracking.Tests.Runs;

/// <summary>Every count of the same runs is the same, and archived ones are in none that does not say so.</summary>
public sealed class ArchivedRunsTests
{
    [Fact]
    public async Task Counts_OfTheSameRuns_AreTheSameWhoeverCounts()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var best = await hub.FinishAsync("best", accuracies: 0.99);
        await hub.FinishAsync("good", accuracies: 0.9);
        await hub.FinishAsync("fair", accuracies: 0.8);
        Assert.Equal((3, 0.99), await CountedAsync(hub));
        await hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([best]), archived: true);
        Assert.Equal((2, 0.9), await CountedAsync(hub));
        Assert.Equal((3, 1), await hub.History.CountAsync("tutorial"));
        Assert.Equal(3, (await hub.RunsAsync()).Count);
        await hub.Get<RunDeletion>().DeleteAsync(best);
        Assert.Equal((2, 0), await hub.History.CountAsync("tutorial"));
        Assert.True(await hub.History.AnyAsync(null));
    }

    /// <summary>What each list, page and answer says of how many runs there are and of the best of them.</summary>
    private static async Task<(long Runs, double? Best)> CountedAsync(EmptyHub hub)
    {
        var listed = (await hub.Get<RunSearch>().ListAsync(new RunQuery(Experiment: "tutorial"))).Answer!.Items;
        var experiment = Assert.Single(await hub.Get<ExperimentStore>().ListAsync());
        long[] counts =
        [
            listed.Count, experiment.Runs,
            (await hub.Get<RunSearch>().CountAsync(new RunQuery())).Answer!.Total,
            (await hub.Get<DatasetLibrary>().RunsAsync())["mnist"],
            (await hub.Get<DatasetLibrary>().UseAsync("mnist")).Runs,
        ];
        Assert.Equal(experiment.BestTestAccuracy, listed.Max(row => row.Run.Training!.BestTestAccuracy));
        return (Assert.Single(counts.Distinct()), experiment.BestTestAccuracy);
    }
}
