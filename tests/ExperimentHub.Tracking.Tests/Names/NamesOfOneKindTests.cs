using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Views;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.Tracking.Tests.Names;

/// <summary>É and é, composed or not, are one name at every door.</summary>
public sealed class NamesOfOneKindTests
{
    private const string Composed = "Étude", Decomposed = "e\u0301tude";

    [Fact]
    public async Task Experiment_WrittenInTwoWays_IsOne()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var store = hub.Get<ExperimentStore>();
        var created = await store.CreateAsync(new ExperimentDraft(Composed, "", new TrainingSpec()));
        Assert.Contains("already", Assert.Single((await store.CreateAsync(new ExperimentDraft(Decomposed, "", new TrainingSpec()))).Problems).Message,
            StringComparison.Ordinal);
        var run = await hub.ReadAsync(await hub.EnqueueAsync(experiment: Decomposed));
        Assert.Equal(created.Id, run.ExperimentId);
        Assert.Equal(created.Id, (await store.FindAsync(Decomposed.ToUpperInvariant()))!.Id);
        Assert.Equal("Étude copy", (await store.ProposeCloneAsync(created.Id!.Value))!.Name);
    }

    [Fact]
    public async Task TagAndView_WrittenInTwoWays_AreOne()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.EnqueueAsync();
        await hub.Get<RunAnnotations>().TagAsync(run, Composed, "1");
        await hub.Get<RunAnnotations>().TagAsync(run, Decomposed, "2");
        await hub.Get<RunBulk>().TagAsync(RunTargets.Of([run]), Decomposed.ToUpperInvariant(), "3");
        Assert.Equal((Composed, "3"), Assert.Single((await hub.ReadAsync(run)).Tags) is var tag ? (tag.Name, tag.Value) : default);
        Assert.Equal(1, (await hub.Get<RunSearch>().CountAsync(new RunQuery($"tags.`{Decomposed}` = '3'"))).Answer!.Total);
        Assert.Equal(1, (await hub.Get<RunBulk>().UntagAsync(RunTargets.Of([run]), Decomposed)).Answer!.Changed);

        var views = hub.Get<ViewStore>();
        Assert.Empty((await views.SaveAsync(Composed, new ViewState())).Problems);
        Assert.Empty((await views.SaveAsync(Decomposed, new ViewState("status = failed"))).Problems);
        Assert.Equal("status = failed", Assert.Single(await views.ListAsync()).State.Filter);
        Assert.True(await views.DeleteAsync("ÉTUDE"));
    }

    [Theory]
    [InlineData("name = 'größe'", 2)]
    [InlineData("name in ('GRÖSSE', 'GRÖßE')", 2)]
    [InlineData("name != 'größe'", 1)]
    [InlineData("name ilike 'GRÖ%'", 2)]
    [InlineData("name ilike '%ØS%'", 0)]
    [InlineData("notes ilike '%привет_мир'", 1)]
    [InlineData("experiment ilike 'e\u0301%'", 3)]
    [InlineData("experiment = 'e\u0301tude'", 3)]
    [InlineData("experiment like 'E\u0301%'", 3)]
    public async Task Filter_OfLettersBeyondAscii_KnowsTheirCases(string filter, int found)
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(experiment: Composed, name: "Größe");
        await hub.EnqueueAsync(experiment: Composed, name: "gro\u0308ße");
        var other = await hub.EnqueueAsync(experiment: Composed, name: "other");
        await hub.Get<RunAnnotations>().WriteNotesAsync(other, "ПРИВЕТ МИР");
        Assert.Equal(found, (await hub.Get<RunSearch>().CountAsync(new RunQuery(filter))).Answer!.Total);
    }

    /// <summary>An older hub told É from é. Both rows are kept, open, and can be removed; the newer rule finds the older row.</summary>
    [Fact]
    public async Task Prepare_DatabaseWithNamesThatAreOneByNow_KeepsBoth()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"experimenthub-names-{Guid.NewGuid():N}");
        try
        {
            RunId run;
            await using (var old = await EmptyHub.CreateAsync(existing: folder))
            {
                run = await old.EnqueueAsync(experiment: "one");
                await old.EnqueueAsync(experiment: "two");
                await old.Get<RunAnnotations>().TagAsync(run, "a", "1");
                await old.Get<RunAnnotations>().TagAsync(run, "b", "2");
                await old.Get<ViewStore>().SaveAsync("a", new ViewState());
                await old.Get<ViewStore>().SaveAsync("b", new ViewState("status = failed"));
                await using var db = await old.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
                await db.GetService<IMigrator>().MigrateAsync("20261124170805_TrainingControl");
                await db.Database.ExecuteSqlRawAsync("""
                    UPDATE "Experiments" SET "Name" = CASE "Name" WHEN 'one' THEN 'É' ELSE 'é' END;
                    UPDATE "RunTags" SET "Name" = CASE "Name" WHEN 'a' THEN 'É' ELSE 'é' END;
                    UPDATE "SavedViews" SET "Name" = CASE "Name" WHEN 'a' THEN 'É' ELSE 'é' END;
                    """);
            }

            await using var hub = await EmptyHub.CreateAsync(existing: folder);
            var store = hub.Get<ExperimentStore>();
            Assert.Equal(["É", "é"], (await store.ListAsync()).Select(item => item.Experiment.Name).Order(StringComparer.Ordinal));
            var (first, second) = ((await store.FindAsync("É"))!, (await store.FindAsync("é"))!);
            Assert.NotEqual(first.Id, second.Id);
            // What is not its name can be changed.
            Assert.Empty((await store.UpdateAsync(second.Id, new ExperimentChange("é", "described"))).Problems);
            Assert.Equal(["É", "é"], (await hub.ReadAsync(run)).Tags.Select(tag => tag.Name).Order(StringComparer.Ordinal));
            await hub.Get<RunAnnotations>().UntagAsync(run, "é");
            Assert.Equal("É", Assert.Single((await hub.ReadAsync(run)).Tags).Name);
            var views = hub.Get<ViewStore>();
            Assert.Equal("status = failed", (await views.FindAsync("é"))!.State.Filter);
            Assert.True(await views.DeleteAsync("é"));
            Assert.True(await views.DeleteAsync("é"));
            Assert.False(await views.DeleteAsync("é"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
