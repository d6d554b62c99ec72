using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Tests.ExperimentFiles;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.Tracking.Tests;

/// <summary>The update that gives trainings a table of their own: everything arrives there, and the tables are those of a new database.</summary>
public sealed class TrainingsUpdateTests : IDisposable
{
    private const string Before = "20261130033701_Conclusions";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-trainings-{Guid.NewGuid():N}");

    [Fact]
    public async Task Prepare_DatabaseOfTheVersionBefore_HasEveryFactOfEveryRun()
    {
        string[] before;
        await using (var hub = await EmptyHub.CreateAsync(existing: _folder))
        {
            before = await FillAsync(hub);
            await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
            await db.GetService<IMigrator>().MigrateAsync(Before);
        }

        Assert.Equal(["3", "5"], Texts("SELECT \"Epochs\" FROM \"Runs\" WHERE \"Name\" IN ('first', 'runs') ORDER BY \"Number\""));
        await using (var updated = await EmptyHub.CreateAsync(existing: _folder))
            Assert.Equal(before, await FactsAsync(updated));

        Assert.Empty(Texts("PRAGMA foreign_key_check"));
        Assert.Equal(["Trainings", "Trainings", "Trainings"],
            new[] { "Attempts", "Epochs", "PausePoints" }.SelectMany(table =>
                Texts($"SELECT \"table\" FROM pragma_foreign_key_list('{table}') WHERE \"from\" = 'RunNumber'")));
        Assert.Contains("WITHOUT ROWID", Assert.Single(Texts("SELECT sql FROM sqlite_master WHERE name = 'RunParams'")), StringComparison.Ordinal);
        Assert.Contains("NOCASE", Assert.Single(Texts("SELECT sql FROM sqlite_master WHERE name = 'Runs'")), StringComparison.Ordinal);
        await using var fresh = await EmptyHub.CreateAsync();
        const string indices = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
        Assert.Equal(Texts(indices, fresh.Folder.HubDatabase), Texts(indices));
        // A number is never given twice, also not that of a run that is gone.
        Assert.NotEqual("0", Assert.Single(Texts("SELECT seq FROM sqlite_sequence WHERE name = 'Runs'")));
    }

    /// <summary>One that the update before this one left without them; and afterwards nobody looks for such runs any more.</summary>
    [Fact]
    public async Task Prepare_RunsThatWereLeftWithoutParameters_GetThemOnce()
    {
        await using (var hub = await EmptyHub.CreateAsync(existing: _folder))
        {
            await hub.EnqueueAsync(new TrainingSpec { BatchSize = 64 });
            await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
            await db.RunParams.ExecuteDeleteAsync();
            await db.GetService<IMigrator>().MigrateAsync(Before);
        }

        await using (await EmptyHub.CreateAsync(existing: _folder))
            Assert.Equal(["64"],
                Texts("SELECT \"Text\" FROM \"RunParams\" JOIN \"ParamNames\" ON \"Id\" = \"ParamId\" WHERE \"Name\" = 'batchSize'"));
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Runs in several states, one of them deleted and one forked.</summary>
    private static async Task<string[]> FillAsync(EmptyHub hub)
    {
        await hub.FinishAsync("first", new TrainingSpec { Epochs = 3, Seed = 7 }, accuracies: [0.1, 0.9, 0.7]);
        var deleted = await hub.FinishAsync("deleted", new TrainingSpec { Seed = 8 }, accuracies: 0.5);
        await hub.Get<RunDeletion>().DeleteAsync(deleted);
        var run = await PlayedRun.StartAsync(hub, new TrainingSpec { Seed = 9 });
        await run.EpochAsync(1);
        await run.SaveAsync(1);
        await run.PausePointAsync(1, 4);
        await run.EndAsync(AttemptEnding.Failed);
        await hub.Queue.EnqueueAsync(new RunRequest("tutorial", "fork", new TrainingSpec { Seed = 10 }, Fork: new ForkSource(run.Id, 1)));

        var key = await hub.EnqueueAsync(name: "runs");
        Assert.NotNull(await hub.Queue.ClaimAsync("cpu", _ => true));
        await hub.Queue.RequestStopAsync(key);
        await hub.Control.PauseAsync(key);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await db.Trainings.Where(training => training.Run.Name == "first").ExecuteUpdateAsync(set => set
            .SetProperty(training => training.Diverged, true).SetProperty(training => training.DivergedBecause, "because")
            .SetProperty(training => training.FinishReason, "enough")
            .SetProperty(training => training.DatasetSha256, new string('d', 64)).SetProperty(training => training.ValidationSamples, 5)
            .SetProperty(training => training.PolicyVersion, 3));
        return await FactsAsync(hub);
    }

    private static async Task<string[]> FactsAsync(EmptyHub hub)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        var runs = await db.Runs.IgnoreQueryFilters().AsNoTracking().Include(r => r.Training!.Attempts).Include(r => r.Training!.EpochResults)
            .Include(r => r.Training!.PausePoint)
            .Include(r => r.Checkpoints).Include(r => r.Tags).AsSplitQuery().OrderBy(run => run.Number).ToListAsync();
        Assert.Equal(5, runs.Count);
        return [.. runs.Select(run => string.Create(CultureInfo.InvariantCulture,
            $"{run.Training!.QueuePosition} {run.Training.StopRequestedAt} {run.Training.PauseRequestedAt} {run.Training.PolicyVersion} {run.DeletedAt:O} {RoundTripTests.Facts(run)}"))];
    }

    private string[] Texts(string sql) => Texts(sql, Path.Combine(_folder, "hub.db"));

    private static string[] Texts(string sql, string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var row = command.ExecuteReader();
        var found = new List<string>();
        while (row.Read())
            found.Add(Convert.ToString(row.GetValue(0), CultureInfo.InvariantCulture)!);
        return [.. found];
    }
}
