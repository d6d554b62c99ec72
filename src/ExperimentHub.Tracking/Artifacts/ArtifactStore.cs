using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace ExperimentHub.Tracking.Artifacts;

/// <summary>What a put came to.</summary>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record ArtifactBytes(long Size, string Sha256);

/// <summary>What lies in the store under a key.</summary>
/// <param name="ChangedAt">UTC.</param>
public sealed record StoredArtifact(ArtifactKey Key, long Size, DateTime ChangedAt);

/// <summary>A local file that is to become an artifact.</summary>
/// <param name="Path">Complete, on the disk, and written by nobody any more.</param>
/// <param name="Size">What it must have.</param>
public sealed record ArrivingFile(ArtifactKey Key, string Path, long Size);

/// <summary>
/// The bytes of all artifacts, by key. What lies under a key is complete or absent at every moment, whatever is killed; of two who put the same key
/// the later one's bytes lie there, whole. It knows nothing of rows: a row is written after its bytes, and removed before them, so that a kill leaves
/// bytes without a row and never the other way round. No call names a path inside the store, so that a store need not be a folder. Errors of its disk
/// or its server are <see cref="IOException"/>s.
/// </summary>
public abstract class ArtifactStore
{
    /// <summary>Raised after artifacts came or went, on the thread that did it.</summary>
    public event Action? Changed;

    /// <summary>Bytes that may still be written; null where nobody can tell.</summary>
    public abstract long? FreeBytes { get; }

    /// <summary>Keeps what a stream holds, in place of what lay there.</summary>
    /// <returns>What was written, hashed while it was.</returns>
    public abstract Task<ArtifactBytes> PutAsync(ArtifactKey key, Stream content, CancellationToken cancellation = default);

    /// <summary>
    /// Takes local files in, without reading them where they can be moved; they are gone from their places afterwards. May be called again with files
    /// of which some, or all, were taken before.
    /// </summary>
    /// <returns>The keys whose file is not there, or has another size.</returns>
    public abstract Task<IReadOnlySet<ArtifactKey>> TakeAsync(IReadOnlyCollection<ArrivingFile> files, CancellationToken cancellation = default);

    /// <summary>Opens an artifact or a part of it.</summary>
    /// <param name="from">Its first byte.</param>
    /// <param name="length">At most so many bytes; null to the end.</param>
    /// <returns>A stream at its start that can seek and knows its length, empty beyond the end; null where nothing lies under the key.</returns>
    /// <exception cref="Protocol.Files.NotAFileException">Something that the store did not put there lies in its place.</exception>
    public abstract Task<Stream?> OpenAsync(ArtifactKey key, long from = 0, long? length = null, CancellationToken cancellation = default);

    /// <summary>
    /// Opens an artifact for somebody who reads a little at many places, for as long as they like: a local file, which stays what it is when the
    /// artifact is deleted. A store that has none makes one that nobody else finds.
    /// </summary>
    /// <returns>null where nothing lies under the key.</returns>
    /// <exception cref="Protocol.Files.NotAFileException">Something that the store did not put there lies in its place.</exception>
    public abstract Task<SafeFileHandle?> OpenLocalAsync(ArtifactKey key, CancellationToken cancellation = default);

    /// <summary>What lies under a key now; null where nothing does.</summary>
    public abstract Task<StoredArtifact?> FindAsync(ArtifactKey key, CancellationToken cancellation = default);

    /// <summary>Where a person finds what lies under a key, in words.</summary>
    public abstract string PlaceOf(ArtifactKey key);

    /// <summary>
    /// Gives an artifact to a program on this machine that only reads: under a path of the caller's, linked where the disk allows it, else copied.
    /// </summary>
    /// <returns>false where nothing lies under the key.</returns>
    public abstract Task<bool> LendAsync(ArtifactKey key, string path, CancellationToken cancellation = default);

    /// <summary>Removes artifacts; those that are gone already are fine. Who has one open reads on.</summary>
    public abstract Task DeleteAsync(IReadOnlyCollection<ArtifactKey> keys, CancellationToken cancellation = default);

    /// <summary>Removes all that lies under a key.</summary>
    /// <returns>The bytes that it took.</returns>
    public virtual async Task<long> DeleteAllAsync(ArtifactKey folder, CancellationToken cancellation = default)
    {
        var found = new List<StoredArtifact>();
        await foreach (var stored in ListAsync(folder, cancellation))
            found.Add(stored);
        await DeleteAsync([.. found.Select(stored => stored.Key)], cancellation);
        return found.Sum(stored => stored.Size);
    }

    /// <summary>The bytes that all that lies under any of these keys takes: what <see cref="DeleteAllAsync"/> frees.</summary>
    public async Task<long> SizeAsync(IEnumerable<ArtifactKey> folders, CancellationToken cancellation = default)
    {
        var bytes = 0L;
        foreach (var folder in folders)
        {
            await foreach (var stored in ListAsync(folder, cancellation))
                bytes += stored.Size;
        }

        return bytes;
    }

    /// <summary>All that lies under a key, in no order. What is arriving is not there yet.</summary>
    public abstract IAsyncEnumerable<StoredArtifact> ListAsync(ArtifactKey folder, CancellationToken cancellation = default);

    /// <summary>For the start of the hub, when nothing arrives: removes what a kill left of artifacts that were not complete.</summary>
    public abstract Task RemoveLeftoversAsync(CancellationToken cancellation = default);

    /// <summary>Opens an artifact after reading it through and comparing it with what is known of it.</summary>
    /// <returns>The whole of it, or why it cannot be used, for a person.</returns>
    public async Task<OpenedArtifact> OpenVerifiedAsync(ArtifactKey key, long size, string sha256, CancellationToken cancellation = default)
    {
        var opened = await OpenSaidAsync(key, cancellation);
        if (opened.Content is not { } content)
            return opened;
        try
        {
            if (content.Length == size && Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellation)) == sha256)
            {
                content.Position = 0;
                return opened;
            }
        }
        catch
        {
            await content.DisposeAsync();
            throw;
        }

        await content.DisposeAsync();
        return new OpenedArtifact(null, "Its file changed on the disk: the SHA-256 is not the one recorded when it was saved.");
    }

    /// <summary>Opens an artifact after comparing its size alone: for its length, not for its bytes, of which nothing is known.</summary>
    public async Task<OpenedArtifact> OpenUnreadAsync(ArtifactKey key, long size, CancellationToken cancellation = default)
    {
        var opened = await OpenSaidAsync(key, cancellation);
        if (opened.Content is not { } content || content.Length == size)
            return opened;
        await content.DisposeAsync();
        return new OpenedArtifact(null, "Its file changed on the disk: the size is not the one recorded when it was saved.");
    }

    protected void SayChanged() => Changed?.Invoke();

    private async Task<OpenedArtifact> OpenSaidAsync(ArtifactKey key, CancellationToken cancellation)
    {
        try
        {
            return await OpenAsync(key, cancellation: cancellation) is { } content
                ? new OpenedArtifact(content, null)
                : new OpenedArtifact(null, "Its file is no longer in the data folder.");
        }
        catch (Protocol.Files.NotAFileException)
        {
            return new OpenedArtifact(null, "Something that is not a file lies in its place in the data folder. It was not put there by the hub.");
        }
        catch (IOException)
        {
            return new OpenedArtifact(null, "Its file cannot be opened. Does it belong to the user who runs the hub?");
        }
    }
}

/// <summary>Either an artifact that is what the database says, at its start, or the reason why there is none.</summary>
public sealed record OpenedArtifact(Stream? Content, string? Problem);
