using ExperimentHub.TestHub.Drivers;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer.Tests.Native;

public sealed class ElfFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void MissingUpTo_RealLibraries_AreWhole()
    {
        var natives = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "libtorch"), "lib*.so*");

        Assert.NotEmpty(natives);
        Assert.All(natives, library => Assert.Null(ElfFile.MissingUpTo(library)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(4000)]
    public void MissingUpTo_BytesLessThanTheHeadersSay_TellsTheWholeSize(int missing)
    {
        StandInDriver.BuildFrom("int data[4096] = { 1 };", _folder["x.so"]);
        var whole = new FileInfo(_folder["x.so"]).Length;
        using (var file = File.OpenWrite(_folder["x.so"]))
            file.SetLength(whole - missing);

        Assert.Equal(whole, ElfFile.MissingUpTo(_folder["x.so"]));
    }

    [Fact]
    public void MissingUpTo_WithoutSectionHeaders_GoesByWhatIsLoaded()
    {
        StandInDriver.BuildFrom("int data[4096] = { 1 };", _folder["x.so"]);
        var bytes = File.ReadAllBytes(_folder["x.so"]);
        // Stripped to what the loader needs: no section headers, and the file ends in the middle of the data.
        Array.Clear(bytes, 40, 8);
        Array.Clear(bytes, 60, 2);
        File.WriteAllBytes(_folder["x.so"], bytes[..(bytes.Length / 2)]);

        Assert.NotNull(ElfFile.MissingUpTo(_folder["x.so"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("INPUT(libother.so)")]
    public void MissingUpTo_NoElfFile_IsLeftToTheLoader(string content)
    {
        File.WriteAllText(_folder["x.so"], content);

        Assert.Null(ElfFile.MissingUpTo(_folder["x.so"]));
    }

    public void Dispose() => _folder.Dispose();
}
