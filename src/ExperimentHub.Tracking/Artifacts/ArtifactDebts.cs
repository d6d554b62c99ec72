using System.Linq.Expressions;
using ExperimentHub.Tracking.Moves;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Artifacts;

/// <summary>
/// How bytes go after their rows: owed in the transaction that removes the rows, deleted after it, and then no longer owed. What a kill or a disk
/// that refuses leaves owed, whoever purges next settles, and the housekeeping of each start. Deleting twice is as good as once, so two may be at
/// one file. A folder has one at a time: its name can come again, and must not lose what is new to somebody who is still at the old.
/// </summary>
public sealed class ArtifactDebts(
    IDbContextFactory<TrackingDb> databases, ArtifactStore store, ThisNode me, StorageWatch storage, TimeProvider time, ILogger<ArtifactDebts> logger)
{
    /// <summary>In seconds: longer than any folder takes. A node that ends in the middle leaves its debts to others after it.</summary>
    private const long Patience = 600;

    /// <summary>Adds artifacts whose rows go, to what the caller's transaction saves. Their keys never come again.</summary>
    internal async Task OweAsync(TrackingDb db, IReadOnlyCollection<ArtifactKey> files, CancellationToken cancellation = default)
    {
        if (files.Count == 0)
            return;
        // Where an answer to a commit was lost, it is written again.
        await db.OwedBytes.Where(owed => files.Contains(owed.Key)).ExecuteDeleteAsync(cancellation);
        Add(db, files, isFolder: false);
    }

    /// <summary>Writes in the caller's transaction that all under these keys is owed. This process is at it until it pays.</summary>
    internal async Task OweFoldersAsync(TrackingDb db, IReadOnlyCollection<ArtifactKey> folders, CancellationToken cancellation = default)
    {
        if (folders.Count == 0)
            return;
        Add(db, folders, isFolder: true);
        await db.SaveChangesAsync(cancellation);
        await HoldAsync(db.OwedBytes.Where(owed => folders.Contains(owed.Key)), cancellation);
    }

    /// <summary>Deletes what was owed of artifacts. What cannot be deleted stays owed, and nobody is told but the log.</summary>
    internal Task PayAsync(IReadOnlyCollection<ArtifactKey> files) => files.Count == 0 ? Task.CompletedTask : TryAsync(files, async () =>
    {
        await store.DeleteAsync(files);
        return 0;
    });

    /// <summary>Deletes what lies under keys, where it is still owed and this process is at it.</summary>
    /// <returns>The bytes that it took.</returns>
    internal Task<long> PayFoldersAsync(IEnumerable<ArtifactKey> folders) => PayEachAsync(folders, owed => owed.Life == me.Life);

    /// <summary>Deletes what is still owed of removals before, and that nobody is at.</summary>
    /// <returns>The bytes that folders took.</returns>
    public async Task<long> SettleAsync(CancellationToken cancellation = default)
    {
        List<OwedBytes> owed;
        await using (var db = await databases.CreateDbContextAsync(cancellation))
            owed = await db.OwedBytes.AsNoTracking().Where(Free()).ToListAsync(cancellation);
        if (owed.Count == 0)
            return 0;
        logger.LogInformation("Going on with {Count} files and folders that earlier removals left", owed.Count);
        await PayAsync([.. owed.Where(one => !one.IsFolder).Select(one => one.Key)]);
        return await PayEachAsync(owed.Where(one => one.IsFolder).Select(one => one.Key), Free());
    }

    /// <summary>
    /// For whoever gives keys rows again, as the first write of that transaction: what was owed of them is the caller's to delete from here on.
    /// </summary>
    /// <returns>false where somebody is deleting there at this moment; then nothing may be put there.</returns>
    internal async Task<bool> TakeOverAsync(TrackingDb db, IReadOnlyCollection<ArtifactKey> folders, CancellationToken cancellation = default)
    {
        await db.OwedBytes.Where(owed => folders.Contains(owed.Key)).Where(Free()).ExecuteDeleteAsync(cancellation);
        return !await db.OwedBytes.AnyAsync(owed => folders.Contains(owed.Key), cancellation);
    }

    /// <summary>
    /// For whoever puts bytes under a key that has no rows yet: owes them beforehand, so that a kill before the rows leaves a debt.
    /// <see cref="KeepAsync"/> ends it, or <see cref="PayFoldersAsync"/>.
    /// </summary>
    /// <param name="hasRows">Whether rows speak of what lies there; asked once nobody else can give it any.</param>
    internal async Task<Reservation> ReserveAsync(ArtifactKey folder, Func<TrackingDb, Task<bool>> hasRows, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var reservation = Reservation.Busy;
        await db.TogetherAsync(async () =>
        {
            var owed = db.OwedBytes.Where(one => one.Key == folder);
            var left = await HoldAsync(owed.Where(Free()), cancellation) > 0;
            if (!left && await owed.AnyAsync(cancellation))
                return false;
            reservation = await hasRows(db) ? Reservation.Taken : Reservation.Made;
            if (!left && reservation == Reservation.Made)
                await OweFoldersAsync(db, [folder], cancellation);
            return reservation == Reservation.Made;
        }, cancellation);
        return reservation;
    }

    /// <summary>As the first write of the transaction that gives the bytes under a key their rows: they are no longer owed.</summary>
    /// <returns>false where this process does not hold the key any more, because it took too long.</returns>
    internal async Task<bool> KeepAsync(TrackingDb db, ArtifactKey folder, CancellationToken cancellation = default) =>
        await db.OwedBytes.Where(owed => owed.Key == folder && owed.Life == me.Life).ExecuteDeleteAsync(cancellation) > 0;

    private void Add(TrackingDb db, IEnumerable<ArtifactKey> keys, bool isFolder)
    {
        var now = time.GetUtcNow().UtcDateTime;
        db.OwedBytes.AddRange(keys.Select(key => new OwedBytes { Key = key, IsFolder = isFolder, OwedAt = now }));
    }

    /// <summary>What nobody is at, or a former life of this node was, or somebody who took too long.</summary>
    private Expression<Func<OwedBytes, bool>> Free() =>
        owed => owed.Life == null || (owed.Life != me.Life && owed.Node == me.Name) || owed.LeaseSeconds < DatabaseClock.UnixSeconds();

    private Task<int> HoldAsync(IQueryable<OwedBytes> owed, CancellationToken cancellation) => owed.ExecuteUpdateAsync(set => set
        .SetProperty(one => one.Node, me.Name).SetProperty(one => one.Life, me.Life)
        .SetProperty(one => one.LeaseSeconds, one => DatabaseClock.UnixSeconds() + Patience), cancellation);

    private async Task<long> PayEachAsync(IEnumerable<ArtifactKey> folders, Expression<Func<OwedBytes, bool>> which)
    {
        var freed = 0L;
        foreach (var folder in folders)
        {
            freed += await TryAsync([folder], async () =>
            {
                await using var db = await databases.CreateDbContextAsync();
                return await HoldAsync(db.OwedBytes.Where(owed => owed.Key == folder).Where(which), CancellationToken.None) > 0
                    ? await store.DeleteAllAsync(folder) : 0;
            });
        }

        return freed;
    }

    /// <summary>No token: what was begun is ended, also while the hub shuts down.</summary>
    private async Task<long> TryAsync(IReadOnlyCollection<ArtifactKey> keys, Func<Task<long>> delete)
    {
        try
        {
            var freed = 0L;
            try
            {
                freed = await delete();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                logger.LogWarning(e, "{Count} files or folders of what was removed could not be deleted ({Key}); it is tried again later",
                    keys.Count, keys.First());
                await using var owing = await databases.CreateDbContextAsync();
                await owing.OwedBytes.Where(owed => keys.Contains(owed.Key) && owed.Life == me.Life)
                    .ExecuteUpdateAsync(set => set.SetProperty(owed => owed.Life, (Guid?)null));
                return 0;
            }

            await using var db = await databases.CreateDbContextAsync();
            await db.OwedBytes.Where(owed => keys.Contains(owed.Key) && (!owed.IsFolder || owed.Life == me.Life)).ExecuteDeleteAsync();
            return freed;
        }
        catch (Exception e) when (storage.Note(e))
        {
            // The lease runs out by itself, and what is gone by then is deleted once more.
            logger.LogWarning(e, "What was deleted could not be written down ({Key}); it is tried again later", keys.First());
            return 0;
        }
    }
}

/// <summary>What became of a wish to put bytes under a key.</summary>
internal enum Reservation
{
    Made,

    /// <summary>Rows speak of what lies there.</summary>
    Taken,

    /// <summary>Somebody is at it: deletes what was there, or puts something there.</summary>
    Busy,
}
