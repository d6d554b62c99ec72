using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer.Tests.Native;

public sealed class CudaHelpersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Find_Cuda12InPython_TakesThemFromNvidiasPackagesInTheOrderOfTheirNeeds()
    {
        var torch = Lay("site-packages/torch/lib", "libtorch_cuda.so");
        Lay("site-packages/nvidia/cuda_nvrtc/lib", "libnvrtc.so.12", "libnvrtc.alt.so.12", "libnvrtc-builtins.so.12.8");
        Lay("site-packages/nvidia/nvjitlink/lib", "libnvJitLink.so.12");
        Lay("site-packages/nvidia/cudnn/lib", "libcudnn.so.9");

        Assert.Equal(
            ["nvidia/nvjitlink/lib/libnvJitLink.so.12", "nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.8", "nvidia/cuda_nvrtc/lib/libnvrtc.so.12"],
            CudaHelpers.Find(torch).Select(file => Path.GetRelativePath(_folder["site-packages"], file)));
    }

    [Fact]
    public void Find_Cuda13InPython_TakesThemFromItsOneFolder()
    {
        var torch = Lay("site-packages/torch/lib");
        Lay("site-packages/nvidia/cu13/lib", "libnvrtc.so.13", "libnvrtc-builtins.so.13.0", "libnvJitLink.so.13");

        Assert.Equal(["libnvJitLink.so.13", "libnvrtc-builtins.so.13.0", "libnvrtc.so.13"], CudaHelpers.Find(torch).Select(Path.GetFileName));
    }

    [Fact]
    public void Find_PackagesOfTorchSharp_TakesTheFolderFirst()
    {
        var natives = Lay("app/runtimes/native", "libnvrtc-builtins.so", "libnvrtc.so.12", "libnvrtc-2bb82d1a.so.12");
        Lay("app/nvidia/cuda_nvrtc/lib", "libnvrtc.so.12");

        Assert.Equal([Path.Combine(natives, "libnvrtc-builtins.so"), Path.Combine(natives, "libnvrtc.so.12")], CudaHelpers.Find(natives));
    }

    public void Dispose() => _folder.Dispose();

    private string Lay(string folder, params string[] files)
    {
        Directory.CreateDirectory(_folder[folder]);
        foreach (var file in files)
            File.WriteAllText(Path.Combine(_folder[folder], file), "");
        return _folder[folder];
    }
}
