using System.Runtime.InteropServices;
using ExperimentHub.Protocol.Devices;

namespace ExperimentHub.Trainer.Native;

/// <summary>Loads libtorch before anything touches TorchSharp, so that a failure carries the loader's own words and a remedy.</summary>
internal static class LibTorch
{
    /// <summary>
    /// The setting that names the lib folder of another libtorch of the same minor version, such as a CUDA build from a Python wheel.
    /// </summary>
    public const string ExternalFolderVariable = "EXPERIMENTHUB_LIBTORCH";

    private const string Cpu = "libtorch_cpu.so";
    private const string Cuda = "libtorch_cuda.so";
    private const string Wrapper = "libLibTorchSharp.so";

    // Dependencies first: glibc answers a later library's need with what is loaded under that name, wherever it came from.
    private static readonly string[] LoadOrder = ["libc10.so", Cpu, Cuda, "libtorch.so"];

    private static nint _torch;
    private static nint _cuda;
    private static Version? _version;

    /// <summary>The library's own version, as "2.10.0".</summary>
    /// <exception cref="InvalidOperationException">Nothing is loaded.</exception>
    public static string Version => _version?.ToString(3) ?? throw new InvalidOperationException("libtorch is not loaded.");

    /// <summary>Whether the CUDA part of libtorch is loaded. It loads without a driver.</summary>
    public static bool HasCuda => _cuda != 0;

    private static string MinorWanted => BuildFacts.WrapperLibTorch.ToString(2);

    /// <param name="externalFolder">Where libtorch lies; null for the one beside the trainer.</param>
    /// <returns>What was loaded, for a person: "CPU, libtorch 2.10.0".</returns>
    /// <exception cref="TrainingFailure">A library is missing, cut off, of another version, or does not load here.</exception>
    public static string Load(string? externalFolder)
    {
        // Threads that wait for work sleep instead of spinning: on a machine that also has a hub to run, two spinning threads took six times as long.
        LibC.SetDefaultEnvironment("OMP_WAIT_POLICY", "PASSIVE");
        // GPUs are numbered as nvidia-smi numbers them, not by speed.
        LibC.SetDefaultEnvironment("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
        LibC.KeepFreedMemory();
        var folder = FolderFor(AppContext.BaseDirectory, BuildFacts.Backend, externalFolder);

        // Of another's libtorch nobody but its files says whether it is a CUDA build.
        var withCuda = externalFolder is null ? BuildFacts.Backend == DeviceRequest.Cuda : File.Exists(Path.Combine(folder, Cuda));
        foreach (var file in Directory.EnumerateFiles(folder, "lib*.so*"))
            RequireWhole(file);
        IReadOnlyList<string> without = [];
        if (withCuda)
        {
            // CUDA's runtime asks for the driver by its name alone. Where there is none, it says so itself, and the CPU trains.
            DriverLibrary.Open();
            without = CudaHelpers.Preload(folder);
        }

        foreach (var name in LoadOrder.Where(name => withCuda || name != Cuda))
        {
            var library = LoadFile(Path.Combine(folder, name));
            if (name == Cpu)
                (_torch, _version) = (library, VersionOf(library, folder));
            else if (name == Cuda)
                _cuda = library;
        }

        LoadFile(Path.Combine(NativesIn(AppContext.BaseDirectory), Wrapper));
        var from = externalFolder is null ? "" : $" from {externalFolder}";
        return $"{(withCuda ? "CUDA" : "CPU")}, libtorch {Version}{from}{string.Concat(without.Select(problem => $"; {problem}"))}";
    }

    /// <summary>Where libtorch lies for a trainer that was built for a backend. What else lies there does not count.</summary>
    /// <param name="baseDirectory">The trainer's.</param>
    /// <param name="backend">See <see cref="BuildFacts.Backend"/>.</param>
    /// <param name="externalFolder">What <see cref="ExternalFolderVariable"/> says; null where it is not set.</param>
    /// <exception cref="TrainingFailure">There is no such folder, or this trainer cannot use another's libtorch.</exception>
    internal static string FolderFor(string baseDirectory, string backend, string? externalFolder)
    {
        if (externalFolder is not null)
        {
            if (backend == DeviceRequest.Cuda)
            {
                // TorchSharp finds the one that lies beside the wrapper by itself and would load it as a second copy.
                throw new TrainingFailure($"This trainer was built with a CUDA libtorch, so {ExternalFolderVariable} cannot be used with it.",
                    $"Remove the setting {ExternalFolderVariable}, or build the trainer with -p:TorchBackend=cpu.");
            }

            return Directory.Exists(externalFolder) ? externalFolder : throw new TrainingFailure(
                $"{ExternalFolderVariable} names the folder '{externalFolder}', which does not exist.",
                $"Set {ExternalFolderVariable} to the folder that holds {Cpu}, or remove the setting to use the libtorch that comes with the "
                    + "trainer.");
        }

        // The CPU build keeps libtorch apart, the CUDA packages put it beside the wrapper (see LibTorch.targets).
        var own = backend == DeviceRequest.Cuda ? NativesIn(baseDirectory) : Path.Combine(baseDirectory, "libtorch");
        return Directory.Exists(own) ? own : throw new TrainingFailure(
            $"This trainer was built for {(backend == DeviceRequest.Cuda ? "CUDA" : "the CPU")}, but its libtorch is missing: there is no folder {own}.",
            $"Build the trainer again with -p:TorchBackend={backend}, or copy its whole output folder.");
    }

    /// <summary>The CUDA version that the loaded libtorch was built for, as CUDA writes it (12080 is 12.8); null without CUDA.</summary>
    public static unsafe int? CudaVersion()
    {
        int version;
        // The runtime is one of its dependencies, in which the loader looks as well. The call needs no driver.
        return _cuda != 0 && NativeLibrary.TryGetExport(_cuda, "cudaRuntimeGetVersion", out var ask)
            && ((delegate* unmanaged<int*, int>)ask)(&version) == 0 ? version : null;
    }

    /// <summary>
    /// Tells torch, for this thread, to run TorchScript as it is written. Its optimizer would rewrite a program after the first call (on a GPU into
    /// fused kernels that round differently), so that numbers depended on how often it was called before. The switch is not part of torch's C
    /// interface: where a version lacks it, only identity on a GPU is lost.
    /// </summary>
    public static unsafe void RunProgramsAsWritten()
    {
        if (NativeLibrary.TryGetExport(_torch, "_ZN5torch3jit24setGraphExecutorOptimizeEb", out var setOptimize))
            ((delegate* unmanaged<byte, void>)setOptimize)(0);
    }

    /// <exception cref="TrainingFailure">The file is shorter than its own headers say.</exception>
    internal static void RequireWhole(string path)
    {
        long? missing;
        try
        {
            missing = ElfFile.MissingUpTo(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A link to nowhere, or not ours to read: if it is needed, the loader says so.
            return;
        }

        if (missing is { } whole)
        {
            throw new TrainingFailure($"The library {path} is cut off: it has {new FileInfo(path).Length:N0} bytes of {whole:N0}.",
                $"Delete it and build or install the trainer again; if {ExternalFolderVariable} is set, install that libtorch again.");
        }
    }

    private static string NativesIn(string baseDirectory) => Path.Combine(baseDirectory, "runtimes", "linux-x64", "native");

    /// <summary>Asks the library itself: TorchSharp's constant only says which one it was made for.</summary>
    private static unsafe Version VersionOf(nint library, string folder)
    {
        var remedy =
            $"Point {ExternalFolderVariable} at the lib folder of torch {MinorWanted}.x, or remove the setting to use the libtorch that comes with "
                + "the trainer.";
        if (!NativeLibrary.TryGetExport(library, "aoti_torch_abi_version", out var ask))
            throw new TrainingFailure(
                $"The libtorch in {folder} cannot say its version, so it is older than the {MinorWanted} that this trainer needs.", remedy);
        // torch/headeronly/version.h: major, minor and patch in the three highest bytes.
        var said = ((delegate* unmanaged<ulong>)ask)();
        var version = new Version((int)(said >> 56), (int)(said >> 48 & 0xff), (int)(said >> 40 & 0xff));
        return version.ToString(2) == MinorWanted ? version : throw new TrainingFailure(
            $"The libtorch in {folder} is version {version.ToString(3)}; this trainer needs {MinorWanted}.", remedy);
    }

    private static nint LoadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new TrainingFailure($"The library {Path.GetFileName(path)} is missing in {Path.GetDirectoryName(path)}.",
                $"Build or install the trainer again; if {ExternalFolderVariable} is set, check that it names the lib folder of libtorch.");
        }

        var (handle, problem) = SharedLibrary.Open(path);
        return problem is null ? handle : throw new TrainingFailure($"The library {Path.GetFileName(path)} does not load on this machine: {problem}",
            Remedy(problem));
    }

    /// <summary>The system's loader tells what it misses in words alone (dlerror); this is the one place that reads them.</summary>
    internal static string Remedy(string loaderMessage) => loaderMessage switch
    {
        _ when loaderMessage.Contains("undefined symbol", StringComparison.Ordinal) =>
            "The libraries are not of one version. Build or install the trainer again; " +
            $"if {ExternalFolderVariable} is set, point it at an unmixed installation of torch {MinorWanted}.x, or remove the setting.",
        _ when loaderMessage.Contains("GLIBCXX", StringComparison.Ordinal) =>
            "This system's C++ library is older than the trainer's. Build the trainer without -p:PatchLibTorchSharp=false, or use a newer system "
                + "(Debian 13, Ubuntu 24.04).",
        _ when loaderMessage.Contains("GLIBC_", StringComparison.Ordinal) =>
            "This system's C library is too old for libtorch. Use a newer system (Debian 12, Ubuntu 22.04 or later).",
        _ when loaderMessage.Contains("libcuda.so", StringComparison.Ordinal) =>
            "The NVIDIA driver is missing. Install it, or build the trainer with -p:TorchBackend=cpu.",
        _ when loaderMessage.Contains("libcu", StringComparison.Ordinal) || loaderMessage.Contains("libnv", StringComparison.Ordinal) =>
            $"A CUDA library is missing. Build or install the trainer again; if {ExternalFolderVariable} is set, install that torch with its NVIDIA "
                + "packages. To train on the CPU: -p:TorchBackend=cpu.",
        _ => "Build or install the trainer again. It needs 64-bit Linux on x86-64 with glibc.",
    };
}
