using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Search;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Search;

public sealed class RunSearchTests
{
    [Fact]
    public async Task Enqueue_AnySpec_WritesEveryLeafAsAHyperparameter()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(new TrainingSpec { BatchSize = 64 });
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        var written = await db.RunParams.OrderBy(param => param.Param.Name).Select(param => new { param.Param.Name, param.Number, param.Text })
            .ToListAsync();
        Assert.Equal(["batchSize", "dataset", "device", "epochs", "model.kind", "optimizer.kind", "optimizer.learningRate", "optimizer.momentum",
            "seed", "version"], written.Select(param => param.Name));
        Assert.Equal((64, "64"), (written[0].Number, written[0].Text));
        Assert.Equal((null, "mnist"), (written[1].Number, written[1].Text));
    }

    [Fact]
    public void SpecParams_ListsNullsAndNesting_AreLeavesUnderTheirPaths() => Assert.Equal(
        [new ParamValue("a.b", 1, "1"), new ParamValue("a.list", null, "[1, {\"x\": 2}]"), new ParamValue("flag", null, "true"),
            new ParamValue("text", null, "7")],
        SpecParams.Of("""{"a": {"b": 1, "none": null, "list": [1, {"x": 2}], "empty": {}}, "flag": true, "text": "7"}"""));

    [Theory]
    [InlineData("params.optimizer.learningRate = 0.5")]
    [InlineData("params.learningRate = 0.5")]
    [InlineData("params.learning_rate = 0.5")]
    [InlineData("params.lr = 0.5")]
    [InlineData("params.LR = '0.5'")]
    [InlineData("params.optimizer = 'sgd' and params.lr > 0.4")]
    [InlineData("params.optimizer.learning_rate between_is_no_word", false)]
    public async Task Filter_ShortNames_MeanTheWholeOnes(string filter, bool understood = true)
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(new TrainingSpec { Optimizer = new OptimizerSpec { LearningRate = 0.5 } });
        await hub.EnqueueAsync();
        var page = (await hub.Get<RunSearch>().ListAsync(new RunQuery(filter), "params.lr")).Answer;
        Assert.Equal(understood, page is not null);
        if (page is null)
            return;
        Assert.Equal([0.5], Assert.Single(page.Items).Cells);
        Assert.Equal("params.optimizer.learningRate", Assert.Single(page.Columns).ToString());
    }

    [Fact]
    public async Task Filter_AmbiguousAndUnknownNames_AreSaid()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("one", accuracies: [0.5]);
        await hub.Get<MetricWriter>().FlushAsync();
        var search = hub.Get<RunSearch>();
        var problem = Assert.Single((await search.ListAsync(new RunQuery("name = 'x' or params.kind = 'sgd'"))).Problems);
        Assert.Equal((14, 11), (problem.Position, problem.Length));
        Assert.Contains("params.model.kind or params.optimizer.kind", problem.Message);
        var warnings = (await search.ListAsync(new RunQuery("metrics.test_acuracy > 1", "params.momentun"))).Answer!.Warnings;
        Assert.Equal(["metrics.test_accuracy", "params.optimizer.momentum"], warnings.Select(warning => warning.DidYouMean));
    }

    [Theory]
    [InlineData("name = 'x'' OR 1=1 --'")]
    [InlineData("name = \"x\"\") OR (1=1\"")]
    [InlineData("metrics.`x\"; DROP TABLE \"\"Runs\"\"; --` > 1")]
    [InlineData("params.`') OR 1=1 --` = '1'")]
    [InlineData("tags.`@p0` = '@p1'")]
    [InlineData("name like '%'' OR ''1''=''1' and name = 'x'")]
    public async Task Filter_Sql_IsAValueLikeAnyOther(string filter)
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync();
        var result = await hub.Get<RunSearch>().ListAsync(new RunQuery(filter));
        Assert.NotNull(result.Answer);
        Assert.Empty(result.Answer.Items);
        Assert.Single((await hub.Get<RunSearch>().ListAsync(new RunQuery())).Answer!.Items);
    }

    [Fact]
    public async Task Page_TokenOfAnotherSearch_IsRefusedByName()
    {
        await using var hub = await EmptyHub.CreateAsync();
        for (var i = 0; i < 3; i++)
            await hub.EnqueueAsync();
        var search = hub.Get<RunSearch>();
        var token = (await search.ListAsync(new RunQuery(OrderBy: "name"), pageSize: 1)).Answer!.NextPageToken!;
        foreach (var (query, wrong) in new[] { (new RunQuery(OrderBy: "name desc"), token), (new RunQuery("epochs_done = 0", "name"), token),
            (new RunQuery(OrderBy: "name"), "1234"), (new RunQuery(OrderBy: "name"), "e30"), (new RunQuery(), "{}") })
            Assert.Equal("pageToken", Assert.Single((await search.ListAsync(query, pageToken: wrong)).Problems).Field);
        Assert.Equal(2, (await search.ListAsync(new RunQuery(OrderBy: "name"), pageToken: token)).Answer!.Items.Count);
    }

    [Fact]
    public async Task AtBest_AfterARewind_IsWhatTheSnapshotSays()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync();
        var writer = hub.Get<MetricWriter>();
        writer.Append(1, "loss", [new MetricPoint(1, 1, 0.5), new MetricPoint(2, 2, 0.25)]);
        writer.MarkBest(1, 1);
        await writer.FlushAsync();
        var search = hub.Get<RunSearch>();
        Assert.Equal([0.5],
            (await search.ListAsync(new RunQuery("metrics.loss = 0.25 and at_best(metrics.loss) = 0.5"),
                "at_best(metrics.loss)")).Answer!.Items.Single().Cells);
        await writer.RewindAsync(1, 0);
        Assert.Empty((await search.ListAsync(new RunQuery("at_best(metrics.loss) is not null"))).Answer!.Items);
    }

    [Fact]
    public async Task Prepare_RunsOfAnOlderHub_GetTheirHyperparameters()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"experimenthub-old-{Guid.NewGuid():N}");
        try
        {
            await using (var hub = await EmptyHub.CreateAsync(existing: folder))
            {
                await hub.FinishAsync("old", new TrainingSpec { BatchSize = 64 }, accuracies: [0.8, 0.9, 0.7]);
                await hub.Get<MetricWriter>().FlushAsync();
                await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
                await Microsoft.EntityFrameworkCore.Infrastructure.AccessorExtensions.GetService<Microsoft.EntityFrameworkCore.Migrations.IMigrator>(
                    db.Database).MigrateAsync("20261124153314_TagsAndNotes");
            }

            await using var updated = await EmptyHub.CreateAsync(existing: folder);
            var page = (await updated.Get<RunSearch>()
                .ListAsync(new RunQuery("params.batchSize = 64 and at_best(metrics.test_accuracy) = 0.9"), "at_best(metrics.test_loss)")).Answer!;
            Assert.Equal("old", Assert.Single(page.Items).Run.Name);
            Assert.Equal(0, (double)page.Items[0].Cells[0]!, 1e-9);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Columns_SomeRuns_AreCountedSearchedAndCompared()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("one", accuracies: [0.5]);
        await hub.FinishAsync("two", new TrainingSpec { BatchSize = 64 }, accuracies: [0.6]);
        await hub.Get<MetricWriter>().FlushAsync();
        var columns = hub.Get<RunColumns>();
        Assert.Equal(["params.batchSize"], (await columns.ListAsync("batchs")).Select(column => column.Column.ToString()));
        Assert.Equal(("number", 2), (Assert.Single(await columns.ListAsync("metrics.test_acc")).Type, 2));
        Assert.Equal(["params.batchSize"], (await columns.DifferingAsync(new RunQuery())).Answer!.Select(column => column.ToString()));
        Assert.Empty((await columns.DifferingAsync(new RunQuery("name = 'two'"))).Answer!);
    }

    [Fact]
    public async Task Export_ManyPages_HasEveryRunOnceInOrder()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await using (var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
        {
            await hub.EnqueueAsync();
            await db.Database.ExecuteSqlRawAsync("""
                WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
                INSERT INTO "Runs" ("Number", "Id", "Name", "ExperimentId", "Status", "CreatedAt", "AppVersion", "Trigger")
                SELECT i, printf('%032x', i), 'run', "ExperimentId", 'Queued', "CreatedAt", '', 'Api' FROM n, "Runs" WHERE "Number" = 1
                """);
            // Each eleventh is no training of ours and has neither a duration nor epochs.
            await db.Database.ExecuteSqlRawAsync("""
                INSERT INTO "Trainings" ("RunNumber", "Model", "Dataset", "PlannedEpochs", "BatchSize", "LearningRate", "Seed", "Recipe", "DeviceGroup", "QueuePosition", "CurrentAttempt", "EpochsDone", "TrainSeconds")
                SELECT r."Number", "Model", "Dataset", "PlannedEpochs", "BatchSize", "LearningRate", "Seed", '', "DeviceGroup", r."Number", 0, r."Number" % 7, r."Number" % 5
                FROM "Runs" r, "Trainings" WHERE "RunNumber" = 1 AND r."Number" > 1 AND r."Number" % 11 > 0;
                INSERT INTO "TrainingSpecs" ("RunNumber", "Spec") SELECT t."RunNumber", s."Spec" FROM "Trainings" t, "TrainingSpecs" s WHERE s."RunNumber" = 1 AND t."RunNumber" > 1
                """);
        }

        var export = (await hub.Get<RunExport>()
            .ReadAsync(new RunQuery("name = 'run'", "duration desc, epochs_done"), "duration, epochs_done, id")).Answer!;
        var rows = await export.Rows.ToListAsync();
        Assert.Equal(2499, rows.Select(row => row[2]).Distinct().Count());
        Assert.Equal(rows.OrderBy(row => row[0] is null).ThenByDescending(row => row[0]).ThenBy(row => row[1] is null).ThenBy(row => row[1])
            .ThenByDescending(row => row[2]), rows);
    }

    [Fact]
    public async Task ReadResults_EpochThatEndedSince_ChangesTheCellsOfRunningRunsAlone()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var ended = await hub.FinishAsync("ended", accuracies: [0.5]);
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1, accuracy: 0.6);
        await hub.Get<MetricWriter>().FlushAsync();
        var search = hub.Get<RunSearch>();
        var page = (await search.ListAsync(new RunQuery(), "name, at_best(metrics.test_accuracy), params.lr, best_epoch")).Answer!;
        await run.EpochAsync(2, accuracy: 0.7);
        await hub.Get<MetricWriter>().FlushAsync();

        var read = await search.ReadResultsAsync(page);

        Assert.Equal([0.7, 0.5], read.Items.Select(row => row.Cells[1]));
        Assert.Equal([2.0, 1.0], read.Items.Select(row => row.Cells[3]));
        Assert.Equal(page.Items[0].Cells[2], read.Items[0].Cells[2]);
        Assert.Equal((2, 2), (read.Items[0].Run.Training!.BestEpoch, read.Items[0].Run.Training!.EpochsDone));
        Assert.Same(page.Items[1], read.Items[1]);
        Assert.Equal(ended, read.Items[1].Run.Id);
        Assert.Equal(page.Columns, read.Columns);
    }

    [Theory]
    [InlineData("", "", false)]
    [InlineData("status = 'running' and params.lr > 0.1", "created desc", false)]
    [InlineData("metrics.test_accuracy > 0.5", "", true)]
    [InlineData("", "name, max(metrics.test_accuracy)", true)]
    [InlineData("not (epochs_done < 3)", "", true)]
    [InlineData("", "best_epoch desc", true)]
    [InlineData("duration > 1m", "", true)]
    public async Task FollowsResults_Search_IsTrueWhereAnEpochCanMoveRows(string filter, string orderBy, bool expected)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var page = (await hub.Get<RunSearch>().ListAsync(new RunQuery(filter, orderBy), "metrics.test_accuracy")).Answer!;
        Assert.Equal(expected, page.FollowsResults);
    }
}
