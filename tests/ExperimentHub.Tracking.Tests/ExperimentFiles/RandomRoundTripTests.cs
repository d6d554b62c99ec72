using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Tests.Names;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.ExperimentFiles;

/// <summary>Whatever a hub has kept can be exported and imported, and is the same there.</summary>
public sealed class RandomRoundTripTests(ITestOutputHelper output)
{
    private static readonly double[] Extremes =
        [0, -0.0, double.Epsilon, double.MaxValue, double.MinValue, double.PositiveInfinity, double.NegativeInfinity, double.NaN, 1e-308, 0.1];

    [Theory]
    [InlineData(1)]
    [InlineData(20261129)]
    public Task Import_OfARandomHub_IsTheSame(int seed) => CarryAsync(seed);

    [Fact]
    public Task Import_OfAFreshRandomHub_IsTheSame()
    {
        var seed = TestSeed.Take(output.WriteLine);
        return CarryAsync(seed);
    }

    /// <summary>The hub that exported it gave many runs a tag at once by a rule of its own, which its import did not know.</summary>
    [Fact]
    public async Task Import_OfAnOlderHubsTagWithASpace_IsTaken()
    {
        using var file = new MemoryStream();
        await using (var content = typeof(RandomRoundTripTests).Assembly.GetManifestResourceStream("export-with-bulk-tag.zip")!)
            await content.CopyToAsync(file);
        await using var hub = await EmptyHub.CreateAsync();
        var result = await ExportedHub.ImportAsync(hub, file.ToArray());
        Assert.Null(result.Problem);
        var runs = await RoundTripTests.RunsAsync(hub, result.Experiment!.Id);
        Assert.All(runs, run => Assert.Contains("best run", run.Tags.Select(tag => tag.Name)));
        // The same name by hand.
        Assert.Null((await hub.Get<RunAnnotations>().TagAsync(runs[0].Id, "Best run", "again")).Problem);
        Assert.Equal("again", Assert.Single((await hub.ReadAsync(runs[0].Id)).Tags, tag => tag.Name == "best run").Value);
    }

    /// <summary>More tags than a run can be given by now, and names that are one by now.</summary>
    [Fact]
    public async Task Import_OfWhatAnOlderHubKept_IsTheSame()
    {
        await using var from = await EmptyHub.CreateAsync();
        var id = await from.FinishAsync("old", accuracies: 0.5);
        var number = (await from.ReadAsync(id)).Number;
        List<RunTag> tags = [.. Enumerable.Range(0, 60).Select(i => new RunTag { RunNumber = number, Name = $"tag {i}" }), Tag("É"), Tag("é"),
            Tag("e\u0301"), Tag("a\u202eb"), Tag("line\nbreak")];
        RunTag.TellApart(tags);
        await using (var db = await from.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
        {
            db.RunTags.AddRange(tags);
            await db.SaveChangesAsync();
        }

        await SameAsync(from, (await from.Get<ExperimentStore>().FindAsync("tutorial"))!);

        RunTag Tag(string name) => new() { RunNumber = number, Name = name, Value = name };
    }

    private static async Task CarryAsync(int seed)
    {
        var random = new Random(seed);
        await using var from = await EmptyHub.CreateAsync();
        var created = await from.Get<ExperimentStore>()
            .CreateAsync(new ExperimentDraft(RandomNames.Name(random), RandomNames.Text(random, 10), Spec(random)));
        Assert.Empty(created.Problems);
        var experiment = (await from.Get<ExperimentStore>().FindAsync(created.Id!.Value))!;
        for (var runs = 1 + random.Next(4); runs > 0; runs--)
            await RunAsync(from, random, experiment.Name);
        await SameAsync(from, experiment);
    }

    private static async Task RunAsync(EmptyHub hub, Random random, string experiment)
    {
        var enqueued = await hub.Queue.EnqueueAsync(new RunRequest(experiment, RandomNames.Name(random), Spec(random)));
        Assert.Empty(enqueued.Problems);
        var run = await PlayedRun.StartAsync(hub, waiting: enqueued.Run);
        var step = random.NextInt64(1, long.MaxValue / 4);
        hub.Get<MetricWriter>().Append(run.Key.RunNumber, "odd_error",
            [.. Enumerable.Range(0, random.Next(1, 3_000))
                .Select(i => new MetricPoint(step + i, i * 1_000L, Extremes[random.Next(Extremes.Length)]))]);
        for (var epoch = 1; epoch <= 1 + random.Next(3); epoch++)
        {
            await run.EpochAsync(epoch, random.NextDouble(), best: random.Next(2) == 0 || epoch == 1);
            if (random.Next(2) == 0)
                await run.EvaluateAsync(epoch);
        }

        await run.EndAsync(random.Next(3) switch { 0 => AttemptEnding.Finished, 1 => AttemptEnding.Stopped, _ => AttemptEnding.Failed });
        Assert.Null((await hub.Get<RunAnnotations>().WriteNotesAsync(run.Id, RandomNames.Text(random, 400))).Problem);
        for (var tags = random.Next(8); tags > 0; tags--)
        {
            var name = NameRule.Cut(RandomNames.Name(random), RunTag.MaxNameLength);
            if (random.Next(2) == 0)
                Assert.Null((await hub.Get<RunAnnotations>().TagAsync(run.Id, name, RandomNames.Name(random))).Problem);
            else
                Assert.Empty((await hub.Get<RunBulk>().TagAsync(RunTargets.Of([run.Id]), name, RandomNames.Name(random))).Problems);
        }

        if (random.Next(3) == 0)
            await hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([run.Id]), archived: true);
    }

    private static TrainingSpec Spec(Random random) => new()
    {
        Epochs = random.Next(1, 10_000),
        BatchSize = random.Next(1, 512),
        Seed = random.Next(0, int.MaxValue),
        Optimizer = new() { LearningRate = Math.Pow(10, -random.NextDouble() * 6) },
    };

    private static async Task SameAsync(EmptyHub from, Experiment experiment)
    {
        await using var to = await EmptyHub.CreateAsync();
        var result = await ExportedHub.ImportAsync(to, await ExportedHub.ExportAsync(from, experiment.Id));
        Assert.Null(result.Problem);
        Assert.Equal((experiment.Name, experiment.Description), (result.Experiment!.Name, result.Experiment.Description));
        foreach (var (before, after) in (await RoundTripTests.RunsAsync(from, experiment.Id)).Zip(
            await RoundTripTests.RunsAsync(to, result.Experiment.Id), (before, after) => (before, after)))
        {
            Assert.Equal(RoundTripTests.Facts(before), RoundTripTests.Facts(after));
            Assert.Equal(await RoundTripTests.PointsAsync(from, before), await RoundTripTests.PointsAsync(to, after));
            Assert.Equal(await RoundTripTests.SummariesAsync(from, before), await RoundTripTests.SummariesAsync(to, after));
            Assert.Equal(RoundTripTests.Files(from, before), RoundTripTests.Files(to, after));
        }

        // What was imported can travel on.
        await using var third = await EmptyHub.CreateAsync();
        Assert.Null((await ExportedHub.ImportAsync(third, await ExportedHub.ExportAsync(to, result.Experiment.Id))).Problem);
    }
}
