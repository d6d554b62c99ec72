using System.Security.Cryptography;
using System.Text;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking.Artifacts;

namespace ExperimentHub.Tracking.Tests.Artifacts;

public sealed class FolderArtifactStoreTests : IDisposable
{
    private static readonly ArtifactKey Key = ArtifactKey.Parse("runs/one/checkpoints/weights");
    private static readonly ArtifactKey Runs = ArtifactKey.Parse("runs/one");
    private static readonly byte[] Content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];

    private readonly string _root = Path.Combine(Path.GetTempPath(), $"artifacts-{Guid.NewGuid():N}");
    private readonly FolderArtifactStore _store;
    private int _changes;

    public FolderArtifactStoreTests()
    {
        OwnFolder.Create(_root);
        _store = new FolderArtifactStore(_root);
        _store.Changed += () => _changes++;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Put_Content_LiesThereWithItsHashForItsOwnerAlone()
    {
        var put = await PutAsync(Key, Content);
        Assert.Equal(new ArtifactBytes(Content.Length, Hash(Content)), put);
        Assert.Equal(Content, await ReadAsync(Key));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf(Key)));
        Assert.Equal(1, _changes);
        Assert.Equal([Key], await ListAsync());
    }

    [Fact]
    public async Task Put_WhileItArrives_IsAbsentAndTheFormerStays()
    {
        var before = Encoding.UTF8.GetBytes("before");
        await PutAsync(Key, before);
        var content = new GatedStream(Content);
        var put = _store.PutAsync(Key, content, TestContext.Current.CancellationToken);
        await content.Reached;
        Assert.Equal(before, await ReadAsync(Key));
        Assert.Equal([Key], await ListAsync()); // nothing of what arrives
        content.GoOn();
        await put;
        Assert.Equal(Content, await ReadAsync(Key));
        Assert.Empty(Arriving());
    }

    public enum Trouble
    {
        SourceFails,
        NoRoom,
        CallerLeaves,
    }

    [Theory]
    [InlineData(Trouble.SourceFails, false)]
    [InlineData(Trouble.NoRoom, false)]
    [InlineData(Trouble.CallerLeaves, false)]
    [InlineData(Trouble.SourceFails, true)]
    [InlineData(Trouble.NoRoom, true)]
    [InlineData(Trouble.CallerLeaves, true)]
    public async Task Put_CutOff_LeavesWhatWasThereAndNothingElse(Trouble trouble, bool hadOne)
    {
        if (hadOne)
            await PutAsync(Key, Encoding.UTF8.GetBytes("before"));
        using var left = new CancellationTokenSource();
        const int Enospc = 28;
        var content = new GatedStream(Content, trouble switch
        {
            Trouble.SourceFails => new IOException("The connection is gone."),
            Trouble.NoRoom => new IOException("No space left on device", Enospc),
            _ => null,
        });
        var put = _store.PutAsync(Key, content, left.Token);
        await content.Reached;
        if (trouble == Trouble.CallerLeaves)
            await left.CancelAsync();
        content.GoOn();
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => put);
        Assert.Equal(trouble == Trouble.CallerLeaves, failure is OperationCanceledException);
        Assert.Empty(Arriving());
        Assert.Equal(hadOne ? "before" : null, await ReadAsync(Key) is { } there ? Encoding.UTF8.GetString(there) : null);
        Assert.Equal(hadOne ? 1 : 0, _changes);
    }

    /// <summary>What a killed process leaves: half a file, and no word about it.</summary>
    [Fact]
    public async Task Put_KilledInTheMiddle_IsAbsentAndGoneAfterTheNextStart()
    {
        var content = new GatedStream(Content);
        var put = _store.PutAsync(Key, content, TestContext.Current.CancellationToken);
        await content.Reached;
        var half = Assert.Single(Arriving());
        File.Copy(half, half + "-as-it-was"); // what lies there when nobody cleans up
        content.GoOn();
        await put;
        await _store.DeleteAsync([Key], TestContext.Current.CancellationToken);

        var next = new FolderArtifactStore(_root);
        Assert.Null(await next.OpenAsync(Key, cancellation: TestContext.Current.CancellationToken));
        Assert.Empty(await ListAsync());
        await next.RemoveLeftoversAsync(TestContext.Current.CancellationToken);
        Assert.Empty(Arriving());
        await next.RemoveLeftoversAsync(TestContext.Current.CancellationToken); // and where there is nothing
    }

    /// <summary>Somebody who reads images goes on reading those that he opened.</summary>
    [Fact]
    public async Task OpenLocal_ThenDeleted_StillReads()
    {
        await PutAsync(Key, Content);
        var found = (await _store.FindAsync(Key, TestContext.Current.CancellationToken))!;
        Assert.Equal((Key, Content.Length), (found.Key, found.Size));
        using var handle = (await _store.OpenLocalAsync(Key, TestContext.Current.CancellationToken))!;
        await _store.DeleteAsync([Key], TestContext.Current.CancellationToken);
        var part = new byte[100];
        Assert.Equal(100, RandomAccess.Read(handle, part, 1_000));
        Assert.Equal(Content[1_000..1_100], part);
        Assert.Null(await _store.OpenLocalAsync(Key, TestContext.Current.CancellationToken));
        Assert.Null(await _store.FindAsync(Key, TestContext.Current.CancellationToken));
    }

    /// <summary>People put links into the folder of data sets, and into no other.</summary>
    [Fact]
    public async Task Open_Link_IsFollowedInDataSetsAlone()
    {
        var elsewhere = Path.Combine(_root, "elsewhere");
        await File.WriteAllBytesAsync(elsewhere, Content, TestContext.Current.CancellationToken);
        var ofData = ArtifactKey.OfDataset("tiny").Under("images");
        foreach (var key in new[] { ofData, Key })
        {
            OwnFolder.Create(Path.GetDirectoryName(PathOf(key))!);
            File.CreateSymbolicLink(PathOf(key), elsewhere);
        }

        Assert.Equal(Content, await ReadAsync(ofData));
        Assert.True(await _store.LendAsync(ofData, Path.Combine(_root, "lent"), TestContext.Current.CancellationToken));
        Assert.Equal(Content, await File.ReadAllBytesAsync(Path.Combine(_root, "lent"), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<NotAFileException>(() => _store.OpenAsync(Key, cancellation: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<NotAFileException>(() => _store.OpenLocalAsync(Key, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Put_OneKeyByMany_HoldsOneOfThemWhole()
    {
        var contents = Enumerable.Range(0, 8).Select(i => Enumerable.Repeat((byte)i, 100_000 + i).ToArray()).ToList();
        await Task.WhenAll(contents.Select(content => Task.Run(() => PutAsync(Key, content))));
        var there = (await ReadAsync(Key))!;
        Assert.Contains(contents, content => content.AsSpan().SequenceEqual(there));
        Assert.Empty(Arriving());
    }

    [Theory]
    [InlineData(0, null, 0, 300_000)]
    [InlineData(0, 1L, 0, 1)]
    [InlineData(299_999, null, 299_999, 1)]
    [InlineData(299_999, 1L, 299_999, 1)]
    [InlineData(100, 50L, 100, 50)]
    [InlineData(100, 0L, 100, 0)]
    [InlineData(299_990, 1_000L, 299_990, 10)]
    [InlineData(300_000, null, 0, 0)]
    [InlineData(400_000, 10L, 0, 0)]
    [InlineData(0, long.MaxValue, 0, 300_000)]
    public async Task Open_ARange_GivesExactlyThat(long from, long? length, int first, int count)
    {
        await PutAsync(Key, Content);
        await using var part = (await _store.OpenAsync(Key, from, length, TestContext.Current.CancellationToken))!;
        Assert.Equal((0, count), (part.Position, part.Length));
        Assert.Equal(Content[first..(first + count)], await BytesAsync(part));
        // It can seek, as who hands out a range of it needs.
        part.Position = count / 2;
        Assert.Equal(Content[(first + count / 2)..(first + count)], await BytesAsync(part));
        Assert.Equal(count, part.Seek(0, SeekOrigin.End));
        Assert.Equal(-1, part.ReadByte());
    }

    [Fact]
    public async Task Open_AnEmptyArtifact_IsThereAndEmpty()
    {
        Assert.Equal(0, (await PutAsync(Key, [])).Size);
        await using var content = await _store.OpenAsync(Key, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(0, content!.Length);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _store.OpenAsync(Key, -1, cancellation: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Open_WhatTheStoreDidNotPutThere_IsRefused()
    {
        await PutAsync(Key, Content);
        File.Move(PathOf(Key), Path.Combine(_root, "elsewhere"));
        File.CreateSymbolicLink(PathOf(Key), Path.Combine(_root, "elsewhere"));
        await Assert.ThrowsAsync<NotAFileException>(() => _store.OpenAsync(Key, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("not a file",
            (await _store.OpenVerifiedAsync(Key, Content.Length, Hash(Content), TestContext.Current.CancellationToken)).Problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenVerified_ChangedOrGone_SaysSo()
    {
        await PutAsync(Key, Content);
        await using (var whole = (await _store.OpenVerifiedAsync(Key, Content.Length, Hash(Content), TestContext.Current.CancellationToken)).Content!)
            Assert.Equal((0, Content.Length), (whole.Position, whole.Length));
        Assert.Contains("SHA-256", (await _store.OpenVerifiedAsync(Key, Content.Length, Hash([1]), TestContext.Current.CancellationToken)).Problem,
            StringComparison.Ordinal);
        Assert.Contains("size", (await _store.OpenUnreadAsync(Key, 1, TestContext.Current.CancellationToken)).Problem, StringComparison.Ordinal);
        await _store.DeleteAsync([Key], TestContext.Current.CancellationToken);
        Assert.Contains("no longer",
            (await _store.OpenVerifiedAsync(Key, Content.Length, Hash(Content), TestContext.Current.CancellationToken)).Problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_WhileItIsRead_LetsTheReaderEnd()
    {
        await PutAsync(Key, Content);
        await using var open = (await _store.OpenAsync(Key, 10, cancellation: TestContext.Current.CancellationToken))!;
        await _store.DeleteAsync([Key], TestContext.Current.CancellationToken);
        Assert.Null(await ReadAsync(Key));
        Assert.Equal(Content[10..], await BytesAsync(open));
        await _store.DeleteAsync([Key], TestContext.Current.CancellationToken); // gone already
        Assert.Equal(2, _changes);
    }

    [Fact]
    public async Task List_OfAFolder_HasItsOwnAndNothingBehindLinks()
    {
        ArtifactKey[] keys = [Key, ArtifactKey.Parse("runs/one/attempt-1.log"), ArtifactKey.Parse("runs/one/日誌/записи"),
            ArtifactKey.Parse("runs/one-more/a"), ArtifactKey.Parse("datasets/one/a")];
        foreach (var key in keys)
            await PutAsync(key, Content);
        Directory.CreateSymbolicLink(Path.Combine(_root, "runs", "one", "round"), Path.Combine(_root, "datasets"));
        Assert.Equal(keys.Take(3).Select(key => key.Text).Order(StringComparer.Ordinal), (await ListAsync()).Select(key => key.Text)
            .Order(StringComparer.Ordinal));
        Assert.Equal(3 * Content.Length, await _store.DeleteAllAsync(Runs, TestContext.Current.CancellationToken));
        Assert.Empty(await ListAsync());
        Assert.NotNull(await ReadAsync(keys[4]));
        Assert.NotNull(await ReadAsync(keys[3]));
        Assert.Equal(0, await _store.DeleteAllAsync(Runs, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Take_LocalFiles_MovesThemAndMayBeRepeated()
    {
        var (scratch, other) = (Path.Combine(_root, "scratch"), ArtifactKey.Parse("runs/one/checkpoints/state"));
        OwnFolder.Create(scratch);
        var file = new ArrivingFile(Key, Path.Combine(scratch, "weights"), Content.Length);
        await File.WriteAllBytesAsync(file.Path, Content, TestContext.Current.CancellationToken);
        await using var open = File.OpenRead(file.Path);
        ArrivingFile[] files = [file, new(other, Path.Combine(scratch, "state"), 5)];
        Assert.Equal([other], await _store.TakeAsync(files, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(file.Path));
        Assert.Equal(Content, await ReadAsync(Key));
        Assert.Equal([other], await _store.TakeAsync(files, TestContext.Current.CancellationToken)); // a try that was repeated
        Assert.Equal(1, _changes);
    }

    [Theory]
    [InlineData("other size")]
    [InlineData("link")]
    [InlineData("folder")]
    public async Task Take_WhatIsNoSuchFile_IsMissing(string what)
    {
        var scratch = Path.Combine(_root, "scratch");
        OwnFolder.Create(scratch);
        var path = Path.Combine(scratch, "weights");
        await File.WriteAllBytesAsync(Path.Combine(scratch, "real"), Content, TestContext.Current.CancellationToken);
        if (what == "link")
            File.CreateSymbolicLink(path, Path.Combine(scratch, "real"));
        else if (what == "folder")
            OwnFolder.Create(path);
        else
            await File.WriteAllBytesAsync(path, [1], TestContext.Current.CancellationToken);
        Assert.Equal([Key], await _store.TakeAsync([new ArrivingFile(Key, path, Content.Length)], TestContext.Current.CancellationToken));
        Assert.Null(await ReadAsync(Key));
    }

    /// <summary>/dev/shm is another disk than /tmp, so that nothing can be renamed or linked from one to the other.</summary>
    [Fact]
    public async Task TakeAndLend_AcrossDisks_CopyAndLeaveNothingBehind()
    {
        var elsewhere = Path.Combine("/dev/shm", $"artifacts-{Guid.NewGuid():N}");
        OwnFolder.Create(elsewhere);
        try
        {
            var probe = Path.Combine(elsewhere, "weights");
            await File.WriteAllBytesAsync(probe, Content, TestContext.Current.CancellationToken);
            Assert.SkipWhen(OwnFile.TryLink(probe, Path.Combine(_root, "probe")), "The folder for temporary files is on the same disk as /dev/shm.");
            Assert.Empty(await _store.TakeAsync([new ArrivingFile(Key, probe, Content.Length)], TestContext.Current.CancellationToken));
            Assert.False(File.Exists(probe));
            Assert.Equal(Content, await ReadAsync(Key));
            Assert.Empty(Arriving());
            Assert.True(await _store.LendAsync(Key, probe, TestContext.Current.CancellationToken));
            Assert.Equal(Content, await File.ReadAllBytesAsync(probe, TestContext.Current.CancellationToken));
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    [Fact]
    public async Task Lend_ToAProgram_SurvivesWhatItDoesWithTheName()
    {
        await PutAsync(Key, Content);
        var path = Path.Combine(_root, "lent");
        Assert.True(await _store.LendAsync(Key, path, TestContext.Current.CancellationToken));
        Assert.Equal(Content, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        // As a trainer writes: beside it, and then over the name.
        await File.WriteAllTextAsync(path + ".writing", "mine", TestContext.Current.CancellationToken);
        File.Move(path + ".writing", path, overwrite: true);
        File.Delete(path);
        Assert.Equal(Content, await ReadAsync(Key));
        Assert.False(await _store.LendAsync(ArtifactKey.Parse("runs/none/a"), path, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void FreeBytes_OfTheFolder_AreThoseOfItsDisk()
    {
        Assert.True(_store.FreeBytes > 0);
        Assert.Null(new FolderArtifactStore("/nowhere/at all").FreeBytes);
    }

    private string PathOf(ArtifactKey key) => Path.Combine(_root, key.Text);

    private string[] Arriving() =>
        Directory.Exists(Path.Combine(_root, "runs", ".arriving")) ? Directory.GetFileSystemEntries(Path.Combine(_root, "runs", ".arriving")) : [];

    private async Task<ArtifactBytes> PutAsync(ArtifactKey key, byte[] content) =>
        await _store.PutAsync(key, new MemoryStream(content), TestContext.Current.CancellationToken);

    private async Task<List<ArtifactKey>> ListAsync() =>
        await _store.ListAsync(Runs, TestContext.Current.CancellationToken).Select(stored => stored.Key)
            .ToListAsync(TestContext.Current.CancellationToken);

    private async Task<byte[]?> ReadAsync(ArtifactKey key)
    {
        await using var content = await _store.OpenAsync(key, cancellation: TestContext.Current.CancellationToken);
        return content is null ? null : await BytesAsync(content);
    }

    private static async Task<byte[]> BytesAsync(Stream content)
    {
        var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, TestContext.Current.CancellationToken);
        return bytes.ToArray();
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Gives its first half, and the rest, or a failure, once the test lets it.</summary>
    private sealed class GatedStream(byte[] content, Exception? failure = null) : MemoryStream(content)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void GoOn() => _goOn.TrySetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position < Length / 2)
                return await base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, Length / 2 - Position)], cancellationToken);
            _reached.TrySetResult();
            await _goOn.Task;
            cancellationToken.ThrowIfCancellationRequested();
            return failure is null ? await base.ReadAsync(buffer, cancellationToken) : throw failure;
        }
    }
}
