using System.Security.Cryptography;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer.Tests.Native;

public sealed class LibTorchFragmentsTests : IDisposable
{
    private const string Name = "libtorch_cuda.so";

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _whole = RandomNumberGenerator.GetBytes(1000);
    private readonly List<string> _said = [];

    private string Library => _folder[$"packages/part3-primary/2.10.0/runtimes/linux-x64/native/{Name}"];

    public LibTorchFragmentsTests()
    {
        // As the packages lie: the first part with the hash of the whole, the other parts in packages of their own.
        Write(Library, _whole[..400]);
        Write($"{Library}.sha", Convert.ToHexStringLower(SHA256.HashData(_whole)));
        Write(Fragment(1), _whole[400..900]);
        Write(Fragment(2), _whole[900..]);
        Write(_folder["packages/part3-primary/2.10.0/runtimes/linux-x64/native/libother.so"], [1]);
    }

    [Fact]
    public void PutTogether_Parts_GiveTheWholeAndAreGone()
    {
        PutTogether();

        Assert.Equal(_whole, File.ReadAllBytes(Library));
        Assert.Empty(Directory.EnumerateFiles(_folder["packages"], "*.fragment*", SearchOption.AllDirectories));
        Assert.Single(_said);
        PutTogether();
        Assert.Single(_said); // nothing to do
    }

    [Theory]
    [InlineData(1)] // the packages' own step ended after the first
    [InlineData(2)] // ours did
    [InlineData(0)] // nothing was deleted yet
    public void PutTogether_EndedBeforeItsPartsWereDeleted_OnlyDeletesThem(int deleted)
    {
        File.WriteAllBytes(Library, _whole);
        if (deleted > 0)
            File.Delete(Fragment(deleted));

        PutTogether();

        Assert.Equal(_whole, File.ReadAllBytes(Library));
        Assert.Empty(Directory.EnumerateFiles(_folder["packages"], "*.fragment*", SearchOption.AllDirectories));
    }

    [Fact]
    public void PutTogether_PartMissing_IsRefusedAndTouchesNothing()
    {
        File.Delete(Fragment(1));

        AssertRefused("part 1 is missing");
    }

    [Fact]
    public void PutTogether_LastPartMissing_IsRefusedByTheHash()
    {
        File.Delete(Fragment(2));

        AssertRefused("SHA-256");
    }

    [Fact]
    public void PutTogether_PartCutOff_IsRefused()
    {
        Write(Fragment(2), _whole[900..950]);

        AssertRefused("SHA-256");
    }

    [Theory]
    [InlineData("", "first part is gone")]
    [InlineData(".sha", "SHA-256 is gone")]
    public void PutTogether_WithoutFirstPartOrHash_IsRefused(string file, string reason)
    {
        File.Delete(Library + file);

        var refusal = Assert.Throws<InvalidDataException>(PutTogether);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"{_folder["packages/part3"]}-*", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PutTogether_TwoBuildsAtOnce_DoNotDisturbEachOther()
    {
        using var together = new Barrier(4);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            together.SignalAndWait();
            LibTorchFragments.PutTogether([Folder], _folder["lock"], _ => { });
        })));

        Assert.Equal(_whole, File.ReadAllBytes(Library));
    }

    [Fact]
    public async Task PutTogether_WhileAnotherHoldsTheLock_Waits()
    {
        var waits = new TaskCompletionSource();
        Task waiting;
        using (new FileStream(_folder["lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            waiting = Task.Run(() => LibTorchFragments.PutTogether([Folder], _folder["lock"], _ => waits.TrySetResult()));
            await waits.Task;
            Assert.Equal(400, new FileInfo(Library).Length);
        }

        await waiting;
        Assert.Equal(_whole, File.ReadAllBytes(Library));
    }

    [Fact]
    public void PutTogether_LockThatIsNeverFree_EndsInWords()
    {
        using var other = new FileStream(_folder["lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        var problem = Assert.Throws<IOException>(() => LibTorchFragments.PutTogether([Folder], _folder["lock"], _ => { }, TimeSpan.Zero));

        Assert.Contains(_folder["lock"], problem.Message, StringComparison.Ordinal);
        Assert.Contains("End other builds", problem.Message, StringComparison.Ordinal);
        Assert.Equal(400, new FileInfo(Library).Length);
    }

    public void Dispose() => _folder.Dispose();

    // As the packages' items say it.
    private string Folder => _folder["packages/part3-primary/2.10.0/buildTransitive/netstandard2.0/../../runtimes/"];

    private string Fragment(int number) => _folder[$"packages/part3-fragment{number}/2.10.0/fragments/linux-x64/native/{Name}.fragment{number}"];

    private void PutTogether() => LibTorchFragments.PutTogether([Folder], _folder["lock"], _said.Add);

    private void AssertRefused(string reason)
    {
        var refusal = Assert.Throws<InvalidDataException>(PutTogether);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(_whole[..400], File.ReadAllBytes(Library));
        Assert.Contains(true, new[] { File.Exists(Fragment(1)), File.Exists(Fragment(2)) });
    }

    private static void Write(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    private static void Write(string path, string content) => Write(path, System.Text.Encoding.ASCII.GetBytes(content));
}
