using System.Buffers;
using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using ExperimentHub.Protocol.Files;
using Microsoft.Win32.SafeHandles;

namespace ExperimentHub.Tracking.Artifacts;

/// <summary>
/// Artifacts as files of a folder, each at its key. A file arrives under a name of its own beside them, is synced, and takes its place by one rename,
/// which is synced too. What a kill leaves behind lies in one folder, which the next start empties.
/// </summary>
/// <param name="root">The folder; a part of it may be a link to another disk.</param>
public sealed class FolderArtifactStore(string root) : ArtifactStore
{
    private const int CopiedAtOnce = 1 << 17;

    public override long? FreeBytes
    {
        get
        {
            try
            {
                return new DriveInfo(root).AvailableFreeSpace;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    public override async Task<ArtifactBytes> PutAsync(ArtifactKey key, Stream content, CancellationToken cancellation = default)
    {
        var written = await ArriveAsync(key, content, cancellation);
        OwnFile.SyncFolder(FolderOf(key));
        SayChanged();
        return written;
    }

    public override async Task<IReadOnlySet<ArtifactKey>> TakeAsync(IReadOnlyCollection<ArrivingFile> files, CancellationToken cancellation = default)
    {
        var (missing, folders) = (new HashSet<ArtifactKey>(), new HashSet<string>());
        foreach (var file in files)
        {
            if (SizeOf(file.Path) == file.Size)
            {
                await MoveAsync(file, cancellation);
                folders.Add(FolderOf(file.Key));
            }
            else if (SizeOf(PathOf(file.Key)) != file.Size)
            {
                missing.Add(file.Key);
            }
        }

        // Once for each folder, however many files came: the names must be on the disk before a row speaks of them.
        foreach (var folder in folders)
            OwnFile.SyncFolder(folder);
        if (folders.Count > 0)
            SayChanged();
        return missing;
    }

    public override Task<Stream?> OpenAsync(ArtifactKey key, long from = 0, long? length = null, CancellationToken cancellation = default)
    {
        FileStream file;
        try
        {
            file = OwnFile.OpenRead(PathOf(key), followLink: key.IsOfDataset);
        }
        catch (FileNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }

        try
        {
            return Task.FromResult<Stream?>(from == 0 && length is null ? file : new StreamPart(file, from, length));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override Task<SafeFileHandle?> OpenLocalAsync(ArtifactKey key, CancellationToken cancellation = default)
    {
        try
        {
            return Task.FromResult<SafeFileHandle?>(OwnFile.OpenHandle(PathOf(key), followLink: key.IsOfDataset));
        }
        catch (FileNotFoundException)
        {
            return Task.FromResult<SafeFileHandle?>(null);
        }
    }

    public override Task<StoredArtifact?> FindAsync(ArtifactKey key, CancellationToken cancellation = default)
    {
        var file = new FileInfo(PathOf(key));
        return Task.FromResult(file.Exists ? new StoredArtifact(key, file.Length, file.LastWriteTimeUtc) : null);
    }

    public override string PlaceOf(ArtifactKey key) => PathOf(key);

    public override async Task<bool> LendAsync(ArtifactKey key, string path, CancellationToken cancellation = default)
    {
        // Whoever replaces or removes a name leaves the file behind it alone, so that a link is as good as a copy to everybody who does no more.
        if (OwnFile.Exists(PathOf(key)) && OwnFile.TryLink(PathOf(key), path))
            return true;
        if (await OpenAsync(key, cancellation: cancellation) is not { } content)
            return false;
        await using (content)
        {
            await using var copy = OwnFile.CreateNew(path, isAsync: true);
            await content.CopyToAsync(copy, cancellation);
        }

        return true;
    }

    public override Task DeleteAsync(IReadOnlyCollection<ArtifactKey> keys, CancellationToken cancellation = default)
    {
        var gone = 0;
        try
        {
            foreach (var path in keys.Select(PathOf))
            {
                // A folder in its place is not the hub's to delete.
                if (OwnFile.KindOf(path) is FileKind.Nothing or FileKind.Folder)
                    continue;
                File.Delete(path);
                gone++;
            }
        }
        finally
        {
            if (gone > 0)
                SayChanged();
        }

        return Task.CompletedTask;
    }

    public override Task<long> DeleteAllAsync(ArtifactKey folder, CancellationToken cancellation = default)
    {
        var path = PathOf(folder);
        if (!Directory.Exists(path))
            return Task.FromResult(0L);
        var bytes = Stored(folder).Sum(stored => stored.Size);
        Directory.Delete(path, recursive: true);
        SayChanged();
        return Task.FromResult(bytes);
    }

    public override async IAsyncEnumerable<StoredArtifact> ListAsync(ArtifactKey folder,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Task.CompletedTask;
        foreach (var stored in Stored(folder))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return stored;
        }
    }

    public override Task RemoveLeftoversAsync(CancellationToken cancellation = default)
    {
        foreach (var arriving in new[] { ArtifactKey.Runs, ArtifactKey.Datasets }.Select(ArrivingIn).Where(Directory.Exists))
            Directory.Delete(arriving, recursive: true);
        return Task.CompletedTask;
    }

    private async Task<ArtifactBytes> ArriveAsync(ArtifactKey key, Stream content, CancellationToken cancellation)
    {
        // On the disk of its place, so that the last step is a rename.
        var arriving = ArrivingIn(key.Text[..key.Text.IndexOf('/')]);
        OwnFolder.Create(arriving);
        var temporary = Path.Combine(arriving, Guid.NewGuid().ToString("N"));
        try
        {
            var written = await WriteAsync(temporary, content, cancellation);
            OwnFolder.Create(FolderOf(key));
            File.Move(temporary, PathOf(key), overwrite: true);
            return written;
        }
        catch
        {
            // Also what is there in part, so that it does not take the room that others wait for.
            File.Delete(temporary);
            throw;
        }
    }

    private static async Task<ArtifactBytes> WriteAsync(string path, Stream content, CancellationToken cancellation)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(CopiedAtOnce);
        try
        {
            await using var file = OwnFile.CreateNew(path, isAsync: true);
            for (int read; (read = await content.ReadAsync(buffer, cancellation)) > 0;)
            {
                sha256.AppendData(buffer.AsSpan(0, read));
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }

            // A pool thread: the disk may take its time.
            await Task.Run(() => file.Flush(flushToDisk: true), cancellation);
            return new ArtifactBytes(file.Length, Convert.ToHexStringLower(sha256.GetHashAndReset()));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task MoveAsync(ArrivingFile file, CancellationToken cancellation)
    {
        OwnFolder.Create(FolderOf(file.Key));
        if (OwnFile.TryMove(file.Path, PathOf(file.Key)))
            return;
        // Its place is on another disk.
        await using (var content = OwnFile.OpenRead(file.Path))
            await ArriveAsync(file.Key, content, cancellation);
        File.Delete(file.Path);
    }

    private IEnumerable<StoredArtifact> Stored(ArtifactKey folder)
    {
        var path = PathOf(folder);
        if (!Directory.Exists(path))
            return [];
        var files = new FileSystemEnumerable<(string Path, long Size, DateTime ChangedAt)>(
            path, (ref FileSystemEntry entry) =>
                (entry.ToFullPath(), (entry.Attributes & FileAttributes.ReparsePoint) == 0 ? entry.Length : 0, entry.LastWriteTimeUtc.UtcDateTime),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            // Not through links: what lies behind one is not the hub's.
            ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        // What has a name that no key has was not put there by the store.
        return files.Select(file => ArtifactKey.TryParse($"{folder}/{Path.GetRelativePath(path, file.Path)}", out var key)
            ? new StoredArtifact(key, file.Size, file.ChangedAt) : null)
            .OfType<StoredArtifact>();
    }

    private static long? SizeOf(string path) => OwnFile.Exists(path) ? new FileInfo(path).Length : null;

    private string PathOf(ArtifactKey key) => Path.Combine([root, .. key.Text.Split('/')]);

    private string FolderOf(ArtifactKey key) => Path.GetDirectoryName(PathOf(key))!;

    private string ArrivingIn(string home) => Path.Combine(root, home, ArtifactKey.Arriving);
}
