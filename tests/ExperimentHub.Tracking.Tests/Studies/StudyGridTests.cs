using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Studies;

namespace ExperimentHub.Tracking.Tests.Studies;

public sealed class StudyGridTests
{
    [Fact]
    public async Task Read_RunsThatDifferInTheSeedAlone_IsNothing()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await FinishAsync(hub, 32, 0.01, 1, 0.9);
        await FinishAsync(hub, 32, 0.01, 2, 0.91);
        Assert.Null((await ReadAsync(hub)).Across);
    }

    [Fact]
    public async Task Read_TwoSettings_HasTheMeanAndTheNumberOfRunsOfEachPair()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await FinishAsync(hub, 128, 0.01, 1, 0.90);
        await FinishAsync(hub, 128, 0.01, 2, 0.92);
        await FinishAsync(hub, 32, 0.1, 1, 0.80);
        var study = await ReadAsync(hub, "params.optimizer.learningRate", "params.batchSize");
        Assert.Equal(("params.optimizer.learningRate", "params.batchSize"), (study.Across!.ToString(), study.Down!.ToString()));
        Assert.Equal([0.01, 0.1], study.Columns);
        Assert.Equal([32.0, 128.0], study.Rows);
        Assert.Equal([null, (0.8, 1L), (0.91, 2L), null], study.Cells.SelectMany(row => row)
            .Select(cell => cell is null ? ((double, long)?)null : (Math.Round(cell.Mean!.Value, 9), cell.Measured)));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("params.nothing", "nonsense")]
    [InlineData("params.batchSize", "params.batchSize")]
    public async Task Read_SettingsThatCannotBeLaidOut_TakesThoseThatDiffer(string? across, string? down)
    {
        await using var hub = await EmptyHub.CreateAsync();
        await FinishAsync(hub, 128, 0.01, 1, 0.9);
        await FinishAsync(hub, 32, 0.1, 1, 0.8);
        var study = await ReadAsync(hub, across, down);
        Assert.Equal(["params.batchSize", "params.optimizer.learningRate"], new[] { study.Across!.ToString(), study.Down!.ToString() }.Order());
    }

    [Fact]
    public async Task Read_OneSettingDiffers_IsOneRow()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await FinishAsync(hub, 128, 0.01, 1, 0.9);
        await FinishAsync(hub, 32, 0.01, 1, 0.8);
        var study = await ReadAsync(hub);
        Assert.Null(study.Down);
        Assert.Equal([0.8, 0.9], Assert.Single(study.Cells).Select(cell => cell!.Mean!.Value));
    }

    [Fact]
    public async Task AddSeeds_ToACell_QueuesItsSettingsWithSeedsThatNobodyHas()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await FinishAsync(hub, 128, 0.01, 1, 0.9);
        await FinishAsync(hub, 128, 0.01, 2, 0.9);
        await FinishAsync(hub, 32, 0.01, 1, 0.8);
        var study = await ReadAsync(hub);
        var experiment = await ExperimentAsync(hub);
        Assert.Empty(await hub.Get<StudyGrid>().AddSeedsAsync(experiment, study, study.Cells[0][1]!, 2));
        var waiting = (await hub.RunsAsync(RunStatus.Queued)).Reverse();
        Assert.Equal([(128, 3L), (128, 4L)], waiting.Select(run => (run.Training!.BatchSize, run.Training!.Spec.Seed)).Order());

        await hub.Get<ExperimentStore>().ArchiveAsync(experiment.Id, true);
        Assert.NotEmpty(await hub.Get<StudyGrid>().AddSeedsAsync(experiment, study, study.Cells[0][1]!, 2));
    }

    private static async Task<Study> ReadAsync(EmptyHub hub, string? across = null, string? down = null)
    {
        await hub.Get<MetricWriter>().FlushAsync();
        return (await hub.Get<StudyGrid>().ReadAsync(await ExperimentAsync(hub), MetricNames.TestAccuracy, across, down)).Answer!;
    }

    private static async Task<Experiment> ExperimentAsync(EmptyHub hub) =>
        (await hub.Get<ExperimentStore>().FindAsync((await hub.Get<ExperimentStore>().ListAsync()).Single().Experiment.Id))!;

    private static Task<RunId> FinishAsync(EmptyHub hub, int batch, double rate, long seed, double accuracy) =>
        hub.FinishAsync($"b{batch} r{rate} s{seed}",
            new TrainingSpec { BatchSize = batch, Seed = seed, Optimizer = new OptimizerSpec { LearningRate = rate } }, accuracies: accuracy);
}
