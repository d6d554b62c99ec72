using ExperimentHub.Protocol.Datasets;
using ExperimentHub.TestHub.Races;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Datasets;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Moves;

/// <summary>Races about bytes that are owed, and about data sets, whose names come again.</summary>
internal static class DebtRaces
{
    private static readonly ArtifactKey Folder = ArtifactKey.OfDataset("tiny");

    public static IReadOnlyList<Race> All { get; } =
    [
        new("settle, settle", Owed(Settle, Settle), "nothing | freed", "freed | nothing"),
        new("data set: add, settle what lies there", Owed(Add, Settle), "added | freed", "added | nothing", "busy | freed"),
        new("settle what lies there, data set: add", Owed(Settle, Add), "nothing | added", "freed | added", "freed | busy"),
        new("data set: add, add", Owed(Add, Add), "taken | added", "added | taken", "added | busy", "busy | added"),
        new("data set: delete, delete", There(Delete, Delete), "NotFound | Deleted", "Deleted | NotFound"),
        new("data set: pin, delete", There(Pin, Delete), "gone | Deleted", "pinned | InUse"),
        new("data set: delete, pin", There(Delete, Pin), "InUse | pinned", "Deleted | gone"),
    ];

    private static async Task<string> Settle(EmptyHub hub) => await hub.Get<ArtifactDebts>().SettleAsync() > 0 ? "freed" : "nothing";

    private static async Task<string> Add(EmptyHub hub)
    {
        var incoming = Path.Combine(hub.Folder.Root, $"incoming-{Guid.NewGuid():N}");
        DataFolder.Create(incoming);
        foreach (var name in DatasetFile.UsualNames)
            await File.WriteAllTextAsync(Path.Combine(incoming, name), "new");
        try
        {
            return await hub.Get<DatasetLibrary>().AddAsync(new OwnDataset
            {
                Key = "tiny", Name = "Tiny", TrainSamples = 6, TestSamples = 2, Classes = 2, Height = 2, Width = 2, ClassNames = [],
                CreatedAt = DateTime.UtcNow,
            }.With(["a", "b", "c", "d"]), incoming) ? "added" : "taken";
        }
        catch (IOException e) when (e.Message.Contains("right now", StringComparison.Ordinal))
        {
            return "busy";
        }
    }

    private static async Task<string> Delete(EmptyHub hub) => (await hub.Get<DatasetLibrary>().DeleteAsync("tiny")).ToString();

    private static async Task<string> Pin(EmptyHub hub)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        var file = await db.Artifacts.Where(artifact => artifact.DatasetKey == "tiny").Select(artifact => (long?)artifact.Id).FirstOrDefaultAsync();
        return file is { } id && await hub.Get<ArtifactPins>().PinAsync(id, "model m/1") ? "pinned" : "gone";
    }

    /// <summary>Files that an earlier removal left.</summary>
    private static Func<TwoHubs, Task<Contest>> Owed(Func<EmptyHub, Task<string>> first, Func<EmptyHub, Task<string>> second) => async hubs =>
    {
        await BeginAsync(hubs);
        using var left = new MemoryStream([1, 2, 3]);
        await hubs.One.Get<ArtifactStore>().PutAsync(Folder.Under(DatasetFile.UsualNames[0]), left);
        await using var db = await hubs.One.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        db.OwedBytes.Add(new OwedBytes { Key = Folder, IsFolder = true, OwedAt = DateTime.UtcNow });
        await db.SaveChangesAsync();
        return new Contest(first, second, KeepsFilesWithItsRowsAsync);
    };

    private static Func<TwoHubs, Task<Contest>> There(Func<EmptyHub, Task<string>> first, Func<EmptyHub, Task<string>> second) => async hubs =>
    {
        await BeginAsync(hubs);
        Assert.Equal("added", await Add(hubs.One));
        await hubs.Other.Get<DatasetLibrary>().FollowRowsAsync();
        return new Contest(first, second, KeepsFilesWithItsRowsAsync);
    };

    private static async Task BeginAsync(TwoHubs hubs)
    {
        foreach (var hub in new[] { hubs.One, hubs.Other })
            await hub.Get<DatasetLibrary>().FollowRowsAsync();
        if (Directory.Exists(Path.Combine(hubs.One.Folder.Datasets, "tiny")))
            Directory.Delete(Path.Combine(hubs.One.Folder.Datasets, "tiny"), recursive: true);
    }

    private static async Task KeepsFilesWithItsRowsAsync(EmptyHub hub)
    {
        await hub.Get<ArtifactDebts>().SettleAsync();
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.Empty(await db.OwedBytes.ToListAsync());
        var rows = (await db.Artifacts.Where(artifact => artifact.DatasetKey == "tiny").ToListAsync()).Select(artifact => artifact.Name);
        var home = Path.Combine(hub.Folder.Datasets, "tiny");
        var files = Directory.Exists(home) ? Directory.EnumerateFiles(home).Select(path => Path.GetFileName(path)) : [];
        Assert.Equal(rows.Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal("new", File.ReadAllText(Path.Combine(home, file))));
    }
}
