using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Datasets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.Tracking.Tests;

/// <summary>The update that makes artifacts of the files of data sets: rows alone, with the hashes that were known.</summary>
public sealed class DatasetArtifactsUpdateTests : IDisposable
{
    private const string Before = "20261130145606_Nodes";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-datasets-{Guid.NewGuid():N}");

    [Fact]
    public async Task Prepare_DataSetsAndRunsOfTheVersionBefore_HaveTheirFiles()
    {
        List<string> before, hashes = [.. Enumerable.Range(0, 4).Select(i => new string((char)('a' + i), 64))];
        PlayedRun run;
        await using (var hub = await EmptyHub.CreateAsync(existing: _folder))
        {
            run = await PlayedRun.StartAsync(hub);
            await run.EpochAsync(1);
            await run.EndAsync();
            await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
            foreach (var (key, made) in new[] { ("ziffern-größer", hashes), ("other", [.. hashes.AsEnumerable().Reverse()]) })
            {
                db.OwnDatasets.Add(new OwnDataset
                {
                    Key = key, Name = key, TrainSamples = 60, TestSamples = 20, Classes = 2, Height = 28, Width = 14, ClassNames = ["a", "b"],
                    CreatedAt = DateTime.UnixEpoch,
                }.With(made));
            }

            await db.SaveChangesAsync();
            before = await FactsAsync(db);
            Assert.Equal(10, before.Count);
            await db.GetService<IMigrator>().MigrateAsync(Before);
            var old = await db.Database.SqlQuery<string>($"""SELECT "FileHashes" AS "Value" FROM "OwnDatasets" ORDER BY "Key" DESC""").ToListAsync();
            Assert.Equal($"[\"{string.Join("\",\"", hashes)}\"]", old[0]);
            Assert.Equal(2, await db.Database.SqlQuery<int>($"""SELECT count(*) AS "Value" FROM "Artifacts" """).SingleAsync());
        }

        await using var updated = await EmptyHub.CreateAsync(existing: _folder);
        await using (var db = await updated.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            Assert.Equal(before, await FactsAsync(db));
        Assert.Equal([16 + 60 * 28 * 14, 68, 16 + 20 * 28 * 14, 28],
            updated.Get<DatasetLibrary>().Find("ziffern-größer")!.Files.Select(file => file.Size));
        Assert.Equal(DatasetInfo.Identity(hashes), updated.Get<DatasetLibrary>().Find("ziffern-größer")!.Sha256);
        var checkpoint = Assert.Single((await updated.ReadAsync(run.Id)).Checkpoints);
        Assert.Equal(run.Files, new[] { checkpoint.Weights.Name, checkpoint.State!.Name }.Order(StringComparer.Ordinal));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private static async Task<List<string>> FactsAsync(TrackingDb db) =>
    [
        .. (await db.Artifacts.AsNoTracking().ToListAsync())
            .Select(a => $"{a.RunNumber} {a.DatasetKey} {a.Name} {a.Size} {a.Sha256} {a.MediaType} {a.Key} {a.CreatedAt:O}").Order(StringComparer.Ordinal),
    ];
}
