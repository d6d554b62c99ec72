using ExperimentHub.Tracking.Artifacts;
using Microsoft.Win32.SafeHandles;

namespace ExperimentHub.Tracking.Tests.Artifacts;

/// <summary>A store in a folder whose deletions, and whose taking in, fail when they are told to.</summary>
internal sealed class TroubledStore(string root) : ArtifactStore
{
    private readonly FolderArtifactStore _store = new(root);

    /// <summary>What a deletion meets; null where it succeeds.</summary>
    public Exception? Deleting { get; set; }

    /// <summary>What comes after files were taken in, and ends all that would come after it; null where nothing does.</summary>
    public Exception? Taken { get; set; }

    public override long? FreeBytes => _store.FreeBytes;

    public override Task<ArtifactBytes> PutAsync(ArtifactKey key, Stream content, CancellationToken cancellation = default) =>
        _store.PutAsync(key, content, cancellation);

    public override async Task<IReadOnlySet<ArtifactKey>> TakeAsync(
        IReadOnlyCollection<ArrivingFile> files, CancellationToken cancellation = default)
    {
        var missing = await _store.TakeAsync(files, cancellation);
        if (Taken is null)
            return missing;
        // Who is killed tidies nothing up either.
        Deleting = Taken;
        throw Taken;
    }

    public override Task<Stream?> OpenAsync(ArtifactKey key, long from = 0, long? length = null, CancellationToken cancellation = default) =>
        _store.OpenAsync(key, from, length, cancellation);

    public override Task<SafeFileHandle?> OpenLocalAsync(ArtifactKey key, CancellationToken cancellation = default) =>
        _store.OpenLocalAsync(key, cancellation);

    public override Task<StoredArtifact?> FindAsync(ArtifactKey key, CancellationToken cancellation = default) => _store.FindAsync(key, cancellation);

    public override string PlaceOf(ArtifactKey key) => _store.PlaceOf(key);

    public override Task<bool> LendAsync(ArtifactKey key, string path, CancellationToken cancellation = default) =>
        _store.LendAsync(key, path, cancellation);

    public override Task DeleteAsync(IReadOnlyCollection<ArtifactKey> keys, CancellationToken cancellation = default) =>
        Deleting is { } trouble ? throw trouble : _store.DeleteAsync(keys, cancellation);

    public override Task<long> DeleteAllAsync(ArtifactKey folder, CancellationToken cancellation = default) =>
        Deleting is { } trouble ? throw trouble : _store.DeleteAllAsync(folder, cancellation);

    public override IAsyncEnumerable<StoredArtifact> ListAsync(ArtifactKey folder, CancellationToken cancellation = default) =>
        _store.ListAsync(folder, cancellation);

    public override Task RemoveLeftoversAsync(CancellationToken cancellation = default) => _store.RemoveLeftoversAsync(cancellation);
}
