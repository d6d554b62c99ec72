using System.IO.Compression;
using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.ExperimentFiles;

public sealed class RoundTripTests
{
    [Fact]
    public async Task Import_OnAnotherHub_HasEveryFactPointAndByte()
    {
        await using var from = await EmptyHub.CreateAsync();
        var (experiment, full) = await ExportedHub.FillAsync(from);
        await using var to = await EmptyHub.CreateAsync();
        await to.FinishAsync("somebody else's", accuracies: 0.3);

        var result = await ExportedHub.ImportAsync(to, await ExportedHub.ExportAsync(from, experiment.Id));

        Assert.Null(result.Problem);
        Assert.Equal(("tutorial (imported)", 3), (result.Experiment!.Name, result.Runs));
        Assert.Empty(result.LeftOut!);
        Assert.Equal(ProtocolJson.Write(experiment.DefaultSpec),
            ProtocolJson.Write((await to.Get<ExperimentStore>().FindAsync(result.Experiment.Id))!.DefaultSpec));
        Assert.Equal(["full", "second", "archived"], (await RunsAsync(to, result.Experiment.Id)).Select(run => run.Name));
        foreach (var (before, after) in (await RunsAsync(from, experiment.Id)).Where(run => run.Status != RunStatus.Queued)
            .Zip(await RunsAsync(to, result.Experiment.Id)))
        {
            Assert.Equal(Facts(before), Facts(after));
            Assert.Equal(await PointsAsync(from, before), await PointsAsync(to, after));
            Assert.Equal(await SummariesAsync(from, before), await SummariesAsync(to, after));
            Assert.Equal(Files(from, before), Files(to, after));
        }

        Assert.Contains("odd_error", (await to.Get<MetricReader>().SummariesAsync((await to.ReadAsync(full)).Number)).Select(series => series.Name));
        Assert.Empty(Directory.EnumerateFileSystemEntries(to.Folder.Imports));
    }

    [Fact]
    public async Task Import_ThenSearched_FindsByHyperparameterMetricAndTag()
    {
        await using var from = await EmptyHub.CreateAsync();
        var (experiment, _) = await ExportedHub.FillAsync(from);
        await using var to = await EmptyHub.CreateAsync();
        await ExportedHub.ImportAsync(to, await ExportedHub.ExportAsync(from, experiment.Id));

        foreach (var (filter, found) in new[] { ("params.learning_rate = 0.02", 2), ("max(metrics.test_accuracy) > 0.94", 1),
            ("tags.owner = 'anna'", 1), ("tags.imported is not null and archived = true", 1) })
            Assert.Equal(found, (await to.Get<RunSearch>().CountAsync(new RunQuery(filter))).Answer!.Total);
    }

    [Fact]
    public async Task Import_AStoppedRun_GoesOnFromWhereItWas()
    {
        await using var from = await EmptyHub.CreateAsync();
        var (experiment, full) = await ExportedHub.FillAsync(from);
        await using var to = await EmptyHub.CreateAsync();
        await ExportedHub.ImportAsync(to, await ExportedHub.ExportAsync(from, experiment.Id));
        var run = await to.ReadAsync(full);

        var point = await to.Get<CheckpointFiles>()
            .FurthestResumableAsync(run.Checkpoints, run.Training!.PausePoint, problem => Assert.Fail(problem));

        Assert.Equal((2, 4), (point!.Epoch, point.StepsDone));
        Assert.Equal(ResumeOutcome.Queued, await to.Control.ResumeAsync(full));
        Assert.Equal(2, (await to.Queue.ClaimAsync("cpu", _ => true))!.Key.Attempt);
    }

    [Fact]
    public async Task Import_Twice_IsRefusedAndSaysWhichRuns()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (experiment, _) = await ExportedHub.FillAsync(hub);
        var file = await ExportedHub.ExportAsync(hub, experiment.Id);

        var result = await ExportedHub.ImportAsync(hub, file);

        Assert.True(result.RunsExist);
        Assert.Contains("3 runs of this file are on this hub already: full (in tutorial)", result.Problem, StringComparison.Ordinal);
        Assert.Equal("tutorial", Assert.Single(await hub.Get<ExperimentStore>().ListAsync()).Experiment.Name);
    }

    [Fact]
    public async Task Import_OfAnExperimentWithoutRuns_BringsItsSettings()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var created = await hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("empty", "what for", ExportedHub.Spec, "**nothing** yet"));
        await using var to = await EmptyHub.CreateAsync();

        var result = await ExportedHub.ImportAsync(to, await ExportedHub.ExportAsync(hub, created.Id!.Value));

        Assert.Equal(("empty", "what for", "**nothing** yet", 0),
            (result.Experiment!.Name, result.Experiment.Description, result.Experiment.Conclusion, result.Runs));
    }

    [Fact]
    public async Task Import_OfAnExport_IsForTheOwnerAlone()
    {
        await using var from = await EmptyHub.CreateAsync();
        var (experiment, _) = await ExportedHub.FillAsync(from);
        await using var to = await EmptyHub.CreateAsync();
        Assert.Null((await ExportedHub.ImportAsync(to, await ExportedHub.ExportAsync(from, experiment.Id))).Problem);
        foreach (var hub in new[] { from, to })
        {
            var open = new DirectoryInfo(hub.Folder.Root).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
                .Where(entry => ((int)entry.UnixFileMode & 0b_111_111) != 0).Select(entry => entry.FullName);
            Assert.Empty(hub == to ? open : open.Where(path =>
                !path.Contains("checkpoints/", StringComparison.Ordinal))); // those the test itself wrote
        }
    }

    [Fact]
    public async Task Export_WithSomethingElseInPlaceOfALog_GoesOnWithoutIt()
    {
        await using var from = await EmptyHub.CreateAsync();
        var (experiment, full) = await ExportedHub.FillAsync(from);
        var log = Path.Combine(from.Folder.RunFolder(full), "attempt-1.log");
        File.Delete(log);
        using (var made = System.Diagnostics.Process.Start("mkfifo", [log]))
            await made.WaitForExitAsync();
        Assert.Contains("not a file", Assert.Single(await from.Get<RunLogs>().TailAsync(full, 1, 10)).Text);
        from.Get<RunLogs>().Append(full, 1).Dispose();
        var export = await ExportedHub.ExportAsync(from, experiment.Id).WaitAsync(TimeSpan.FromMinutes(1));
        await using var to = await EmptyHub.CreateAsync();
        Assert.Null((await ExportedHub.ImportAsync(to, export)).Problem);
    }

    [Fact]
    public async Task Export_OfACheckpointThatIsGone_LeavesItOutAndSaysSo()
    {
        await using var from = await EmptyHub.CreateAsync();
        var (experiment, full) = await ExportedHub.FillAsync(from);
        File.WriteAllText(Path.Combine(from.Folder.CheckpointFolder(full), CheckpointName.For(1, 1)), "other");
        await using var to = await EmptyHub.CreateAsync();

        var result = await ExportedHub.ImportAsync(to, await ExportedHub.ExportAsync(from, experiment.Id));

        Assert.StartsWith("The checkpoint of epoch 1 of full: Its file changed", Assert.Single(result.LeftOut!), StringComparison.Ordinal);
        Assert.Equal([2], (await to.ReadAsync(full)).Checkpoints.Select(checkpoint => checkpoint.Epoch));
    }

    [Fact]
    public async Task Export_NamesNoPlaceOfThisMachineAndNoKey()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.Queue.EnqueueAsync(new RunRequest("tutorial", "keyed", ExportedHub.Spec, "a-secret-key"));
        await hub.Queue.RequestStopAsync((await hub.RunsAsync())[0].Id);
        var (experiment, full) = await ExportedHub.FillAsync(hub);

        using var zip = new ZipArchive(new MemoryStream(await ExportedHub.ExportAsync(hub, experiment.Id)));

        foreach (var entry in zip.Entries.Where(entry => !entry.Name.EndsWith(".bin", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(entry.Open());
            var text = await reader.ReadToEndAsync();
            Assert.DoesNotContain("/home/", text, StringComparison.Ordinal);
            Assert.DoesNotContain(hub.Folder.Root, text, StringComparison.Ordinal);
            Assert.DoesNotContain("a-secret-key", text, StringComparison.Ordinal);
            if (entry.FullName == $"runs/{full}/attempt-1.log")
                Assert.Contains("from …/digits.gz, see https://example.com/a/b", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Plan_CountsWhatMayStillGoOn()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (experiment, _) = await ExportedHub.FillAsync(hub);
        var plan = await hub.Get<ExperimentExport>().PlanAsync(experiment.Id);
        Assert.Equal((3, 1, null), (plan!.Runs, plan.LeftOut, plan.Problem));
        Assert.Null(await hub.Get<ExperimentExport>().PlanAsync(99));
    }

    internal static async Task<IReadOnlyList<Run>> RunsAsync(EmptyHub hub, int experiment)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        return await db.Runs.AsNoTracking().Where(run => run.ExperimentId == experiment).Include(r => r.Training!.Attempts)
            .Include(r => r.Training!.EpochResults).Include(r => r.Training!.PausePoint)
            .Include(r => r.Checkpoints).Include(r => r.Evaluations).Include(r => r.Tags).AsSplitQuery().OrderBy(run => run.Number).ToListAsync();
    }

    private static readonly JsonSerializerOptions WithoutCycles =
        new(ProtocolJson.Options) { ReferenceHandler = System.Text.Json.Serialization.ReferenceHandler.IgnoreCycles };

    /// <summary>All columns of a run and of what belongs to it; not the keys of this database, nor what belongs to a queue.</summary>
    internal static string Facts(Run run)
    {
        string[] own =
        [
            nameof(Run.Number), "RunNumber", nameof(Run.ExperimentId), nameof(Run.Experiment), nameof(Training.Run),
            nameof(Training.QueuePosition), nameof(Training.StopRequestedAt), nameof(Training.PauseRequestedAt),
            // Edits are counted by the hub that they were made in.
            nameof(Run.Version), nameof(Run.NameVersion), nameof(Run.NotesVersion), nameof(Training.PolicyVersion), nameof(Run.UntaggedVersion),
        ];
        run.Tags.RemoveAll(tag => tag.Name == RunTag.Imported);
        run.Tags.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        var json = JsonSerializer.SerializeToNode(run, WithoutCycles)!.AsObject();
        foreach (var part in new[] { json, json["training"]?.AsObject() }.OfType<System.Text.Json.Nodes.JsonObject>())
        {
            foreach (var name in own)
                part.Remove(JsonNamingPolicy.CamelCase.ConvertName(name));
            foreach (var item in part.Select(property => property.Value).OfType<System.Text.Json.Nodes.JsonArray>().SelectMany(list => list)
                .OfType<System.Text.Json.Nodes.JsonObject>())
            {
                item.Remove("version");
                // Where two tags that would be one by now lie beside each other, it tells which was told apart from the other.
                item.Remove("nameKey");
                // Nodes are those of one hub, and who held an attempt that has ended is nobody's question elsewhere.
                foreach (var holder in new[] { "node", "life", "leaseSeconds" })
                    item.Remove(holder);
                ForgetNumbers(item);
            }

            if (part["pausePoint"]?.AsObject() is { } point)
                ForgetNumbers(point);
        }

        return json.ToJsonString();

        // What each database counts for itself.
        static void ForgetNumbers(System.Text.Json.Nodes.JsonObject item)
        {
            foreach (var name in new[] { "runNumber", "id", "weightsId", "stateId" })
                item.Remove(name);
            foreach (var file in new[] { item["weights"], item["state"] }.OfType<System.Text.Json.Nodes.JsonObject>())
                ForgetNumbers(file);
        }
    }

    internal static async Task<List<(string, MetricPoint)>> PointsAsync(EmptyHub hub, Run run)
    {
        var points = new List<(string, MetricPoint)>();
        foreach (var series in await hub.Get<MetricReader>().SummariesAsync(run.Number))
            points.AddRange((await hub.Get<MetricReader>().ReadAsync(run.Number, series.Name)).Select(point => (series.Name, point)));
        Assert.NotEmpty(points);
        return points;
    }

    internal static async Task<string> SummariesAsync(EmptyHub hub, Run run)
    {
        var reader = hub.Get<MetricReader>();
        var series = (await reader.SummariesAsync(run.Number)).Select(s =>
            (s.Name, s.Meaning, s.Count, s.NonFinite, s.Chunks, s.FirstStep, s.LastStep, s.LastTime, s.Last, s.Min, s.MinStep, s.Max, s.MaxStep,
            s.Best, s.BestStep, EpochMean: (s.EpochStep, s.EpochMean), s.AtBest));
        var best = await reader.BestAsync(run.Number);
        return string.Join('\n', series) + $"\n{best?.Step}: {string.Join(", ", best?.Values ?? new Dictionary<string, double>())}";
    }

    internal static List<(string, string)> Files(EmptyHub hub, Run run) => !Directory.Exists(hub.Folder.CheckpointFolder(run.Id)) ? []
        : [.. Directory.EnumerateFiles(hub.Folder.CheckpointFolder(run.Id)).Order(StringComparer.Ordinal)
            .Select(path => (Path.GetFileName(path), File.ReadAllText(path)))];
}
