using System.Diagnostics;
using System.Net.Sockets;
using ExperimentHub.Protocol.Files;

namespace ExperimentHub.Protocol.Tests.Files;

/// <summary>Whatever lies where a file should be, opening it neither waits nor reads it.</summary>
public sealed class OwnFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("own-file").FullName;

    public static TheoryData<FileKind> OtherKinds => [FileKind.Folder, FileKind.Link, FileKind.Pipe, FileKind.Socket, FileKind.Device];

    [Theory]
    [MemberData(nameof(OtherKinds))]
    public async Task Open_SomethingThatIsNoFile_IsRefusedAtOnce(FileKind kind)
    {
        var path = await MakeAsync(kind);
        Assert.Equal(kind, OwnFile.KindOf(path));
        Assert.False(OwnFile.Exists(path));
        // In a thread of their own, so that a test that would wait for ever fails instead.
        foreach (var open in new Action[] { () => OwnFile.OpenRead(path).Dispose(), () => OwnFile.OpenAppend(path).Dispose(),
            () => OwnFile.OpenHandle(path).Dispose() })
            await Assert.ThrowsAsync<NotAFileException>(() => Task.Run(open).WaitAsync(TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAnyAsync<IOException>(() => Task.Run(() => OwnFile.CreateNew(path).Dispose()).WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task OpenRead_LinkOfAPerson_IsFollowedToAFileAlone()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "file"), "content");
        File.CreateSymbolicLink(Path.Combine(_folder, "to-file"), Path.Combine(_folder, "file"));
        File.CreateSymbolicLink(Path.Combine(_folder, "to-device"), "/dev/zero");
        using var reader = new StreamReader(OwnFile.OpenRead(Path.Combine(_folder, "to-file"), followLink: true));
        Assert.Equal("content", await reader.ReadToEndAsync());
        Assert.Throws<NotAFileException>(() => OwnFile.OpenRead(Path.Combine(_folder, "to-device"), followLink: true));
    }

    [Fact]
    public void Open_NothingThere_IsFileNotFound()
    {
        Assert.Throws<FileNotFoundException>(() => OwnFile.OpenRead(Path.Combine(_folder, "none")));
        Assert.Throws<FileNotFoundException>(() => OwnFile.OpenRead(Path.Combine(_folder, "none", "none")));
        Assert.Equal(FileKind.Nothing, OwnFile.KindOf(Path.Combine(_folder, "none")));
    }

    [Fact]
    public async Task OpenAppend_NewAndExistingFile_WritesAtItsEndForItsOwnerAlone()
    {
        var path = Path.Combine(_folder, "log");
        foreach (var text in new[] { "one ", "two" })
        {
            await using var writer = new StreamWriter(OwnFile.OpenAppend(path));
            await writer.WriteAsync(text);
        }

        Assert.Equal("one two", await File.ReadAllTextAsync(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> MakeAsync(FileKind kind)
    {
        var path = Path.Combine(_folder, "thing");
        switch (kind)
        {
            case FileKind.Folder:
                Directory.CreateDirectory(path);
                return path;
            case FileKind.Link:
                await File.WriteAllTextAsync(Path.Combine(_folder, "target"), "");
                File.CreateSymbolicLink(path, Path.Combine(_folder, "target"));
                return path;
            case FileKind.Pipe:
                using (var made = Process.Start("mkfifo", [path]))
                    await made.WaitForExitAsync();
                return path;
            case FileKind.Socket:
                using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
                {
                    socket.Bind(new UnixDomainSocketEndPoint(path));
                    // Closing it would delete the file, so another name keeps it.
                    using var kept = Process.Start("ln", [path, path + "-kept"]);
                    await kept.WaitForExitAsync();
                }

                return path + "-kept";
            default:
                return "/dev/zero";
        }
    }
}
