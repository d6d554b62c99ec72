using System.Diagnostics;
using ExperimentHub.TestHub;

namespace ExperimentHub.Trainer.Tests.Native;

/// <summary>What a build takes where nobody says it: CUDA where a driver is.</summary>
public sealed class TorchBackendTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("proc/driver/nvidia/version", "cuda")]
    [InlineData("usr/lib/x86_64-linux-gnu/libcuda.so.1", "cuda")] // Debian, Ubuntu
    [InlineData("usr/lib64/libcuda.so.1", "cuda")] // Fedora, SUSE
    [InlineData("usr/lib/wsl/lib/libcuda.so.1", "cuda")] // Windows' Linux
    [InlineData("usr/local/nvidia/lib64/libcuda.so.1", "cuda")] // containers
    [InlineData("usr/lib/libcuda.so", "cpu")] // the toolkit's stub is no driver
    public async Task TorchBackend_DriverSomewhere_IsChosen(string file, string backend)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
        File.WriteAllText(_folder[file], "");

        Assert.Equal(backend, await EvaluateAsync());
    }

    [Fact]
    public async Task TorchBackend_SaidByAPerson_Counts()
    {
        Directory.CreateDirectory(_folder["usr/lib64"]);
        File.WriteAllText(_folder["usr/lib64/libcuda.so.1"], "");

        Assert.Equal("cpu", await EvaluateAsync("-p:TorchBackend=cpu"));
    }

    [Fact]
    public async Task WrapperLibTorchVersion_NotSaid_IsThePackages()
    {
        string[] package = ["-p:LibTorchVersion=2.10.0", "-getProperty:WrapperLibTorchVersion"];

        Assert.Contains("\"WrapperLibTorchVersion\": \"2.10.0\"", await EvaluateAsync(package), StringComparison.Ordinal);
        Assert.Contains("\"WrapperLibTorchVersion\": \"2.11.0\"", await EvaluateAsync([.. package, "-p:WrapperLibTorchVersion=2.11.0"]),
            StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> EvaluateAsync(params string[] options)
    {
        var props = Path.Combine(Repository.Root, "src", "ExperimentHub.Trainer", "Native", "LibTorch.props");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["msbuild", props, "-getProperty:TorchBackend", $"-p:NvidiaDriverRoot={_folder.Path}", .. options])
        {
            RedirectStandardOutput = true,
        };
        // The build that runs these tests may have said it.
        start.Environment.Remove("TorchBackend");
        using var build = Process.Start(start)!;
        var said = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        return said.Trim();
    }
}
