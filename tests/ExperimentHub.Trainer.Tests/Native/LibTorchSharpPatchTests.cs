using System.Text;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer.Tests.Native;

public sealed class LibTorchSharpPatchTests
{
    private const string NewSymbol = "_ZSt21ios_base_library_initv";
    private const string OldSymbol = "_ZNSt8ios_base4InitC1Ev";

    private static string OutputFolder => Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");

    private static byte[] Original() => File.ReadAllBytes(OriginalPath());

    [Fact]
    public void Apply_PublishedLibrary_ReplacesTheOneNewSymbol()
    {
        var original = Original();

        var patched = LibTorchSharpPatch.Apply(original);

        Assert.NotNull(patched);
        Assert.Equal(original.Length, patched.Length);
        var text = Encoding.Latin1.GetString(patched);
        Assert.DoesNotContain("\0" + NewSymbol + "\0", text[..0x40000], StringComparison.Ordinal);
        Assert.Contains("\0" + OldSymbol + "\0", text[..0x40000], StringComparison.Ordinal);
        // Name: at most its 28 bytes. Version: hash and name, 4 bytes each.
        Assert.InRange(original.Zip(patched).Count(pair => pair.First != pair.Second), 1, 28 + 8);
    }

    [Fact]
    public void Apply_PatchedLibrary_HasNothingToDo() => Assert.Null(LibTorchSharpPatch.Apply(LibTorchSharpPatch.Apply(Original())!));

    [Fact]
    public void Apply_LibraryInTheOutput_IsPatchedAlready() =>
        Assert.Null(LibTorchSharpPatch.Apply(File.ReadAllBytes(Path.Combine(OutputFolder, "libLibTorchSharp.so"))));

    [Fact]
    public void Apply_ToAnything_LeavesItsInputAlone()
    {
        var original = Original();
        var before = (byte[])original.Clone();

        LibTorchSharpPatch.Apply(original);

        Assert.Equal(before, original);
    }

    [Fact]
    public void Apply_OtherSymbolWithThatVersion_IsRefused()
    {
        var library = Original();
        Replace(library, NewSymbol, "_ZSt21ios_base_library_inixx");

        var refusal = Assert.Throws<InvalidDataException>(() => LibTorchSharpPatch.Apply(library));

        Assert.Contains("_ZSt21ios_base_library_inixx", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_NotAnElfFile_IsRefused() =>
        Assert.Contains("ELF", Assert.Throws<InvalidDataException>(() => LibTorchSharpPatch.Apply(new byte[100])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(64)]
    [InlineData(100_000)]
    [InlineData(260_000)]
    public void Apply_TruncatedFile_IsRefused(int length) =>
        Assert.Throws<InvalidDataException>(() => LibTorchSharpPatch.Apply(Original()[..length]));

    private static string OriginalPath() => Path.Combine(
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
        "torchsharp", "0.107.0", "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    private static void Replace(byte[] bytes, string from, string to)
    {
        var at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes("\0" + from + "\0"));
        Encoding.ASCII.GetBytes(to).CopyTo(bytes, at + 1);
    }
}
