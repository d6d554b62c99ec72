using ExperimentHub.Protocol.Devices;
using ExperimentHub.TestHub.Drivers;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer.Tests.Native;

public sealed class DriverLibraryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void OpenFirst_NotWhereTheLoaderLooks_IsOpenedFromItsFolder()
    {
        StandInDriver.BuildFrom("int nothing;", _folder["libstandin.so.1"], "-Wl,-soname,libstandin.so.1");

        Assert.Contains("cannot open shared object file", DriverLibrary.OpenFirst(["libstandin.so.1", "/nowhere/libstandin.so.1"]),
            StringComparison.Ordinal);
        Assert.Null(DriverLibrary.OpenFirst(["libstandin.so.1", "/nowhere/libstandin.so.1", _folder["libstandin.so.1"]]));
        // From here on the name alone will do, as CUDA's libraries ask for it.
        Assert.Null(DriverLibrary.OpenFirst(["libstandin.so.1"]));
    }

    [Fact]
    public void OpenFirst_AFileThatIsNoLibrary_SaysWhatIsWrongWithIt()
    {
        File.WriteAllText(_folder["libbroken.so.1"], "text");

        Assert.Contains(_folder["libbroken.so.1"], DriverLibrary.OpenFirst(["libbroken.so.1", _folder["libbroken.so.1"]]), StringComparison.Ordinal);
    }

    /// <summary>The build looks for the driver as well, and must not find one that the trainer then misses.</summary>
    [Fact]
    public void Places_AreAmongThoseOfTheBuild()
    {
        var build = File.ReadAllText(Path.Combine(TestHub.Repository.Root, "src", "ExperimentHub.Trainer", "Native", "LibTorch.props"));

        Assert.All(NvidiaLibraries.Places("libcuda.so.1").Skip(1),
            place => Assert.Contains($"$(NvidiaDriverRoot){place}'", build, StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();
}
