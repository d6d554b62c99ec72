using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace ExperimentHub.Trainer.Native;

/// <summary>Loads libtorch before anything touches TorchSharp, so that a failure carries the loader's own words and a remedy.</summary>
internal static class LibTorch
{
    /// <summary>The setting that names the lib folder of another libtorch of the same minor version, such as a CUDA build from a Python wheel.</summary>
    public const string ExternalFolderVariable = "EXPERIMENTHUB_LIBTORCH";

    private const string Wrapper = "libLibTorchSharp.so";

    // Dependencies first: glibc answers a later library's need with what is loaded under that name, wherever it came from.
    private static readonly string[] LoadOrder = ["libc10.so", "libtorch_cpu.so", "libtorch_cuda.so", "libtorch.so"];

    private static nint _torch;

    private static string Natives => Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");

    /// <param name="externalFolder">Where libtorch lies; null for the one beside the trainer.</param>
    /// <returns>What was loaded, for a person: "CPU, libtorch 2.10.0.0".</returns>
    /// <exception cref="TrainingFailure">A library is missing or does not load here.</exception>
    public static string Load(string? externalFolder)
    {
        // The CPU build keeps libtorch apart, the CUDA packages put it beside the wrapper (see LibTorch.targets).
        var own = Path.Combine(AppContext.BaseDirectory, "libtorch");
        var isApart = Directory.Exists(own);
        if (externalFolder is not null && !isApart)
        {
            throw new TrainingFailure($"This trainer was built with a CUDA libtorch, so {ExternalFolderVariable} cannot be used with it.",
                $"Remove the setting {ExternalFolderVariable}, or build the trainer with -p:TorchBackend=cpu.");
        }

        var folder = externalFolder ?? (isApart ? own : Natives);
        if (!Directory.Exists(folder))
        {
            throw new TrainingFailure($"{ExternalFolderVariable} names the folder '{folder}', which does not exist.",
                $"Set {ExternalFolderVariable} to the folder that holds libtorch_cpu.so, or remove the setting to use the libtorch that comes with the trainer.");
        }

        // Threads that wait for work sleep instead of spinning: on a machine that also has a hub to run, two spinning threads took six times as long.
        LibC.SetDefaultEnvironment("OMP_WAIT_POLICY", "PASSIVE");
        LibC.KeepFreedMemory();
        var hasCuda = File.Exists(Path.Combine(folder, "libtorch_cuda.so"));
        foreach (var name in LoadOrder)
        {
            if (name != "libtorch_cuda.so" || hasCuda)
            {
                var library = LoadFile(Path.Combine(folder, name));
                if (name == "libtorch_cpu.so")
                    _torch = library;
            }
        }

        LoadFile(Path.Combine(Natives, Wrapper));
        return $"{(hasCuda ? "CUDA" : "CPU")}, libtorch {torch.__version__}{(externalFolder is null ? "" : $" from {externalFolder}")}";
    }

    /// <summary>Whether the build put the wrapper through LibTorchSharpPatch; null where it did not say.</summary>
    public static bool? IsPatched() =>
        typeof(LibTorch).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(said => said.Key == "PatchLibTorchSharp")?.Value is { } value
            ? value == "true"
            : null;

    /// <summary>
    /// Tells torch, for this thread, to run TorchScript as it is written. Its optimizer would rewrite a program after the first call (on a GPU into fused
    /// kernels that round differently), so that numbers depended on how often it was called before. The switch is not part of torch's C interface: where a
    /// version lacks it, only identity on a GPU is lost.
    /// </summary>
    public static unsafe void RunProgramsAsWritten()
    {
        if (NativeLibrary.TryGetExport(_torch, "_ZN5torch3jit24setGraphExecutorOptimizeEb", out var setOptimize))
            ((delegate* unmanaged<byte, void>)setOptimize)(0);
    }

    private static nint LoadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new TrainingFailure($"The library {Path.GetFileName(path)} is missing in {Path.GetDirectoryName(path)}.",
                $"Build or install the trainer again; if {ExternalFolderVariable} is set, check that it names the lib folder of libtorch.");
        }

        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
        {
            throw new TrainingFailure($"The library {Path.GetFileName(path)} does not load on this machine: {failure.Message.Trim()}", Remedy(failure.Message), failure);
        }
    }

    private static string Remedy(string loaderMessage) => loaderMessage switch
    {
        _ when loaderMessage.Contains("GLIBCXX", StringComparison.Ordinal) =>
            "This system's C++ library is older than the trainer's. Build the trainer without -p:PatchLibTorchSharp=false, or use a newer system (Debian 13, Ubuntu 24.04).",
        _ when loaderMessage.Contains("GLIBC_", StringComparison.Ordinal) => "This system's C library is too old for libtorch. Use a newer system (Debian 12, Ubuntu 22.04 or later).",
        _ when loaderMessage.Contains("libcu", StringComparison.Ordinal) || loaderMessage.Contains("libnv", StringComparison.Ordinal) =>
            "A CUDA library is missing. Install the NVIDIA driver, or build the trainer with -p:TorchBackend=cpu.",
        _ when loaderMessage.Contains("undefined symbol", StringComparison.Ordinal) =>
            $"The libtorch in use is of another version than TorchSharp expects ({torch.__version__}). Point {ExternalFolderVariable} at that version or remove the setting.",
        _ => "Build or install the trainer again. It needs 64-bit Linux on x86-64 with glibc.",
    };
}
