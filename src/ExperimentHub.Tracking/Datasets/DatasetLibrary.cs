using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Moves;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Datasets;

/// <summary>Who trains or trained on a data set.</summary>
/// <param name="Runs">How many runs that are not archived.</param>
/// <param name="Waiting">Names of those that have not ended and still need its files.</param>
/// <param name="Experiments">Names of the experiments whose next run would train on it.</param>
public sealed record DatasetUse(int Runs, IReadOnlyList<string> Waiting, IReadOnlyList<string> Experiments);

public enum DatasetDeletion
{
    NotFound,
    Deleted,

    /// <summary>A run that has not ended needs it, or somebody has pinned one of its files.</summary>
    InUse,
}

/// <summary>
/// Every data set that a run of this hub can train on: the published ones and the hub's own. The own ones are few, so they are kept in memory and a
/// spec is checked without asking the database.
/// </summary>
public sealed class DatasetLibrary(IDbContextFactory<TrackingDb> databases, DatasetFiles files, ArtifactStore store, ArtifactDebts debts)
    : IDisposable
{
    private readonly SemaphoreSlim _changing = new(1);
    private volatile IReadOnlyList<OwnDataset>? _own;

    /// <summary>Raised after a data set came or went, on the thread that did it.</summary>
    public event Action? Changed;

    /// <summary>The published ones, then the hub's own by name.</summary>
    public IReadOnlyList<DatasetInfo> All => [.. DatasetCatalog.All, .. Own.Select(dataset => dataset.ToInfo())];

    public IReadOnlyList<OwnDataset> Own => _own ??= Read();

    public DatasetInfo? Find(string? key) => DatasetCatalog.Find(key) ?? FindOwn(key)?.ToInfo();

    public OwnDataset? FindOwn(string? key) => Own.FirstOrDefault(dataset => dataset.Key == key);

    /// <summary>The data set that a new one of this name could not be told from: by its key, or, where an older hub made that, by its name.</summary>
    public DatasetInfo? FindLike(string name) => Find(OwnDataset.KeyOf(name)) ?? All.FirstOrDefault(dataset => NameRule.Same(dataset.Name, name));

    /// <summary>What a person reads for a key; the key itself where its data set was deleted.</summary>
    public string NameOf(string key) => Find(key)?.Name ?? key;

    /// <summary>
    /// Takes in a validated data set: what is to lie under its key is owed before it lies there, and no longer once the rows are written, so that a
    /// kill in between leaves nothing that nobody knows.
    /// </summary>
    /// <param name="incoming">A folder with its four files and nothing else, on the disk of the data folder; they are moved.</param>
    /// <returns>false where the key is taken; then nothing has changed.</returns>
    /// <exception cref="IOException">The disk did not take it, or is still busy with a deleted one of this key; nothing is left of it.</exception>
    public async Task<bool> AddAsync(OwnDataset dataset, string incoming, CancellationToken cancellation = default)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            if (FindLike(dataset.Name) is not null)
                return false;
            var home = ArtifactKey.OfDataset(dataset.Key);
            switch (await debts.ReserveAsync(home, db => db.OwnDatasets.AnyAsync(d => d.Key == dataset.Key, cancellation), cancellation))
            {
                case Reservation.Taken:
                    return false;
                case Reservation.Busy:
                    throw new IOException("The files of a data set of this name, which was deleted, are being removed right now; try again in a minute");
            }

            bool kept;
            try
            {
                // What a kill or the disk left of one that was deleted.
                await store.DeleteAllAsync(home, CancellationToken.None);
                await store.TakeAsync([.. Directory.EnumerateFiles(incoming)
                    .Select(path => new ArrivingFile(home.Under(Path.GetFileName(path)), path, new FileInfo(path).Length))], CancellationToken.None);
                await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
                db.OwnDatasets.Add(dataset);
                kept = await db.TogetherAsync(() => debts.KeepAsync(db, home), CancellationToken.None);
            }
            catch
            {
                await debts.PayFoldersAsync([home]);
                throw;
            }

            if (!kept)
                throw new IOException("The disk took too long, and somebody else is at the files of this name by now");

            _own = null;
        }
        finally
        {
            _changing.Release();
        }

        Changed?.Invoke();
        return true;
    }

    /// <summary>Reads again which there are, where somebody else added or removed one.</summary>
    public async Task FollowRowsAsync(CancellationToken cancellation = default)
    {
        if (_own is not { } known)
            return;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.OwnDatasets.AsNoTracking().Select(dataset => new { dataset.Key, dataset.CreatedAt }).ToListAsync(cancellation);
        if (rows.ToHashSet().SetEquals(known.Select(dataset => new { dataset.Key, dataset.CreatedAt })))
            return;
        // Unless somebody here was faster and has read them already.
        Interlocked.CompareExchange(ref _own, null, known);
        foreach (var gone in known.Where(dataset => rows.All(row => row.Key != dataset.Key)))
            files.Forget(gone.Key);
        Changed?.Invoke();
    }

    /// <summary>Removes one of the hub's own, row and files. Runs that have ended keep their numbers and its key.</summary>
    public async Task<DatasetDeletion> DeleteAsync(string key, CancellationToken cancellation = default)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            if (FindOwn(key) is not { } own)
                return DatasetDeletion.NotFound;
            await using var db = await databases.CreateDbContextAsync(cancellation);
            if (await Needing(db, key).AnyAsync(cancellation))
                return DatasetDeletion.InUse;
            // One that was deleted elsewhere and uploaded again is another one.
            var (there, pinned) = (db.OwnDatasets.Where(dataset => dataset.Key == key && dataset.CreatedAt == own.CreatedAt), false);
            var home = ArtifactKey.OfDataset(key);
            var gone = await db.TogetherAsync(async () =>
            {
                if (!await there.HoldAsync(cancellation))
                    return false;
                pinned = await db.Artifacts.AnyAsync(file => file.DatasetKey == key && file.Pins.Count > 0, cancellation);
                if (pinned)
                    return false;
                await there.ExecuteDeleteAsync(cancellation);
                await debts.OweFoldersAsync(db, [home], cancellation);
                return true;
            }, cancellation);
            if (pinned)
                return DatasetDeletion.InUse;
            _own = null;
            files.Forget(key);
            if (!gone)
                return DatasetDeletion.NotFound;
            await debts.PayFoldersAsync([home]);
        }
        finally
        {
            _changing.Release();
        }

        Changed?.Invoke();
        return DatasetDeletion.Deleted;
    }

    public async Task<DatasetUse> UseAsync(string key, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = db.Runs.AsNoTracking().Where(run => run.Training!.Dataset == key && run.ArchivedAt == null);
        // What a spec says lies in a text that the database does not look into; there are few experiments.
        var experiments = await db.Experiments.AsNoTracking().Where(experiment => experiment.ArchivedAt == null).ToListAsync(cancellation);
        return new DatasetUse(
            await runs.CountAsync(cancellation),
            await Needing(db, key).Select(run => run.Name).ToListAsync(cancellation),
            [.. experiments.Where(experiment => experiment.DefaultSpec.Dataset == key).Select(experiment => experiment.Name)]);
    }

    /// <summary>How many runs that are not archived each data set has.</summary>
    public async Task<IReadOnlyDictionary<string, int>> RunsAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Trainings.Where(training => training.Run.ArchivedAt == null).GroupBy(training => training.Dataset)
            .ToDictionaryAsync(group => group.Key, group => group.Count(), cancellation);
    }

    public void Dispose() => _changing.Dispose();

    /// <summary>Whatever has not ended may be trained (on) one day.</summary>
    private static IQueryable<Run> Needing(TrackingDb db, string key) =>
        db.Runs.Where(run => run.Training!.Dataset == key && run.Status != RunStatus.Finished && run.Status != RunStatus.Stopped
            && run.Status != RunStatus.Failed);

    private List<OwnDataset> Read()
    {
        using var db = databases.CreateDbContext();
        return [.. db.OwnDatasets.AsNoTracking().AsEnumerable().OrderBy(dataset => dataset.Name, StringComparer.OrdinalIgnoreCase)];
    }
}
