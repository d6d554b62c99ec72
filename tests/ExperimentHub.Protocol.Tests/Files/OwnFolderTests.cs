using System.Diagnostics;
using ExperimentHub.Protocol.Files;

namespace ExperimentHub.Protocol.Tests.Files;

public sealed class OwnFolderTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Everybody = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly string _folder = Directory.CreateTempSubdirectory("own-folder").FullName;

    [Fact]
    public void Create_WithFoldersAbove_MakesAllOfThemForTheOwnerAlone()
    {
        var path = Path.Combine(_folder, "a", "b", "c");
        OwnFolder.Create(path);
        for (var made = path; made != _folder; made = Path.GetDirectoryName(made)!)
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(made));
    }

    [Fact]
    public void Claim_NewFolder_IsMadeForTheOwnerAlone()
    {
        var path = Path.Combine(_folder, "a", "hub");
        Assert.Equal((null, null), OwnFolder.Claim(path));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
    }

    [Theory]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherExecute | UnixFileMode.GroupRead)]
    public void Claim_FolderThatIsOpenToOthers_IsClosedAndSaysSo(UnixFileMode others)
    {
        var path = Path.Combine(_folder, "hub");
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, OwnerOnly | others);
        var (problem, changed) = OwnFolder.Claim(path);
        Assert.Null(problem);
        Assert.Contains(path, changed);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
    }

    [Fact]
    public void Claim_BelowAFolderThatEverybodyMayChange_IsRefusedUnlessItIsSticky()
    {
        var (above, path) = (Path.Combine(_folder, "open"), Path.Combine(_folder, "open", "hub"));
        Directory.CreateDirectory(above);
        File.SetUnixFileMode(above, Everybody);
        Assert.Contains(above, OwnFolder.Claim(path).Problem);
        Assert.False(Directory.Exists(path));
        File.SetUnixFileMode(above, Everybody | UnixFileMode.StickyBit);
        Assert.Null(OwnFolder.Claim(path).Problem);
    }

    [Fact]
    public async Task Claim_FolderOfAnotherUser_IsRefusedAndLeftAsItIs()
    {
        var path = Environment.UserName == "root" ? Path.Combine(_folder, "theirs") : "/usr";
        if (path != "/usr")
        {
            Directory.CreateDirectory(path);
            using var given = Process.Start("chown", ["12345", path]);
            await given.WaitForExitAsync();
        }

        var before = File.GetUnixFileMode(path);
        Assert.Contains("belongs to another user", OwnFolder.Claim(path).Problem);
        Assert.Equal(before, File.GetUnixFileMode(path));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
