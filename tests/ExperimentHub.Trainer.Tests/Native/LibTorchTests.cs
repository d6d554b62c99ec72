using ExperimentHub.TestHub.Drivers;
using ExperimentHub.Trainer.Native;
using TorchSharp;

namespace ExperimentHub.Trainer.Tests.Native;

[Collection(nameof(Torch))]
public sealed class LibTorchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Version_IsTheLibrarysOwn_AndTheOneThatTorchSharpIsMadeFor()
    {
        Assert.Equal(BuildFacts.WrapperLibTorch.ToString(3), LibTorch.Version);
        Assert.Equal($"{BuildFacts.WrapperLibTorch.ToString(3)}.0", torch.__version__);
    }

    [Theory]
    [InlineData("cpu", "libtorch")]
    [InlineData("cuda", "runtimes/linux-x64/native")]
    public void FolderFor_WhatAnotherBuildLeft_DoesNotCount(string backend, string expected)
    {
        Directory.CreateDirectory(_folder["libtorch"]);
        Directory.CreateDirectory(_folder["runtimes/linux-x64/native"]);

        Assert.Equal(_folder[expected], LibTorch.FolderFor(_folder.Path, backend, null));
    }

    [Theory]
    [InlineData("cpu", "built for the CPU", "-p:TorchBackend=cpu")]
    [InlineData("cuda", "built for CUDA", "-p:TorchBackend=cuda")]
    public void FolderFor_NoLibTorch_SaysWhatTheTrainerWasBuiltFor(string backend, string problem, string remedy)
    {
        var refusal = Assert.Throws<TrainingFailure>(() => LibTorch.FolderFor(_folder.Path, backend, null));

        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, refusal.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void FolderFor_AnothersLibTorchInACudaBuild_IsRefused()
    {
        var refusal = Assert.Throws<TrainingFailure>(() => LibTorch.FolderFor(_folder.Path, "cuda", _folder.Path));

        Assert.Contains("EXPERIMENTHUB_LIBTORCH", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("-p:TorchBackend=cpu", refusal.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 11, "is version 2.11.0; this trainer needs 2.10.")]
    [InlineData(3, 10, "is version 3.10.0; this trainer needs 2.10.")]
    [InlineData(2, 9, "is version 2.9.0; this trainer needs 2.10.")]
    public async Task Load_AnotherVersion_IsRefusedWithTheRemedy(int major, int minor, string problem)
    {
        StandIns($"unsigned long long aoti_torch_abi_version(void) {{ return {major}ull << 56 | {minor}ull << 48; }}");

        await AssertRefusedAsync(problem, "torch 2.10.x");
    }

    [Fact]
    public async Task Load_LibraryThatCannotSayItsVersion_IsRefused()
    {
        StandIns("int nothing;");

        await AssertRefusedAsync("cannot say its version", "torch 2.10.x");
    }

    [Fact]
    public async Task Load_MissingSymbol_IsRefusedInWordsBeforeItIsCalled()
    {
        // The right version, and nothing of what the wrapper calls.
        StandIns("unsigned long long aoti_torch_abi_version(void) { return 2ull << 56 | 10ull << 48; }");

        await AssertRefusedAsync("libLibTorchSharp.so does not load on this machine", "not of one version", "undefined symbol");
    }

    [Fact]
    public async Task Load_FunctionMissingThatOnlyATrainingWouldCall_IsRefusedInWords()
    {
        // Everything else is there: opened as usual, the library loads, and the call ends the process.
        foreach (var library in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "libtorch")))
            File.CreateSymbolicLink(_folder[Path.GetFileName(library)], library);
        StandInDriver.BuildFrom("int cublasOfAnotherVersion(void); int train(void) { return cublasOfAnotherVersion(); }",
            _folder["libtorch_cuda.so"]);

        await AssertRefusedAsync("libtorch_cuda.so does not load on this machine", "not of one version", "undefined symbol: cublasOfAnotherVersion");
    }

    [Fact]
    public async Task Load_LibraryThatIsCutOff_IsRefusedInWords()
    {
        StandIns("int nothing;");
        using (var file = File.OpenWrite(_folder["libtorch_cpu.so"]))
            file.SetLength(file.Length / 2);

        await AssertRefusedAsync("libtorch_cpu.so is cut off", "install");
    }

    [Theory]
    [InlineData("/x/libtorch_cuda.so: undefined symbol: cublasLtCreate, version libcublasLt.so.12", "not of one version")]
    [InlineData("libcudart.so.12: cannot open shared object file: No such file or directory", "CUDA library is missing")]
    [InlineData("libnvToolsExt.so.1: cannot open shared object file: No such file or directory", "CUDA library is missing")]
    [InlineData("libcuda.so.1: cannot open shared object file: No such file or directory", "driver is missing")]
    [InlineData("/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found", "C++ library")]
    [InlineData("/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found", "C library is too old")]
    public void Remedy_WordsOfTheLoader_FitThem(string words, string remedy) =>
        Assert.Contains(remedy, LibTorch.Remedy(words), StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();

    /// <summary>A libtorch of nothing but this code.</summary>
    private void StandIns(string code)
    {
        foreach (var name in new[] { "libc10.so", "libtorch.so" })
            StandInDriver.BuildFrom("int nothing;", _folder[name], $"-Wl,-soname,{name}");
        StandInDriver.BuildFrom(code, _folder["libtorch_cpu.so"], "-Wl,-soname,libtorch_cpu.so");
    }

    private async Task AssertRefusedAsync(string problem, string remedy, string? reason = null)
    {
        using var trainer = new TrainerProcess(new Dictionary<string, string> { ["EXPERIMENTHUB_LIBTORCH"] = _folder.Path }, "--selftest");
        var output = await trainer.OutputAsync();
        Assert.Equal(1, await trainer.ExitCodeAsync());
        Assert.Contains("This machine cannot train.", output, StringComparison.Ordinal);
        Assert.Contains(problem, output, StringComparison.Ordinal);
        Assert.Contains(remedy, output, StringComparison.Ordinal);
        Assert.Contains(reason ?? "", output, StringComparison.Ordinal);
    }
}
