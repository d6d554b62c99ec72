using System.Runtime.InteropServices;
using System.Text;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;

namespace ExperimentHub.Execution.Devices;

/// <summary>
/// NVIDIA's management library, which comes with the driver and which <c>nvidia-smi</c> uses. It takes no memory of a GPU and needs no CUDA. It is
/// looked for at each reading until it is found, so a driver that is installed later appears without a new start. One reading at a time.
/// </summary>
/// <param name="open">Opens the library and gives its functions by name; null where there is none.</param>
/// <param name="time">null is the machine's.</param>
/// <remarks>Names, buffer sizes and layouts: NVML API Reference and nvml.h (docs.nvidia.com/deploy/nvml-api).</remarks>
internal sealed unsafe class Nvml(Func<Func<string, nint>?> open, TimeProvider? time = null)
{
    private const string Library = "libnvidia-ml.so.1";
    private const int Success = 0;              // NVML_SUCCESS
    private const int Lost = 15;                // NVML_ERROR_GPU_IS_LOST
    private const int ResetRequired = 16;       // NVML_ERROR_RESET_REQUIRED
    private const int NameLength = 96;          // NVML_DEVICE_NAME_V2_BUFFER_SIZE
    private const int VersionLength = 80;       // NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE

    /// <summary>A GPU that was reset comes back only to who begins anew. That may take seconds, so not at each reading.</summary>
    internal static readonly TimeSpan AnewAfter = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, nint> _functions = [];
    private Func<string, nint>? _find;
    private bool _ready;
    private bool _lostOne;
    private long _begunAt;

    public static Nvml OfTheDriver() => In(NvidiaLibraries.Places(Library));

    /// <param name="libraries">Names or paths, the first that loads counts.</param>
    public static Nvml In(IReadOnlyList<string> libraries, TimeProvider? time = null) => new(() =>
    {
        foreach (var name in libraries)
            if (NativeLibrary.TryLoad(name, out var library))
                return function => NativeLibrary.GetExport(library, function);
        return null;
    }, time);

    public NvidiaFacts Read()
    {
        lock (_lock)
        {
            _find ??= open();
            if (_find is null)
            {
                return new NvidiaFacts(null, [], "No NVIDIA driver was found on this machine.",
                    "To train on a GPU: install NVIDIA's driver until nvidia-smi lists the GPU, build the trainer with -p:TorchBackend=cuda, and "
                        + "test again.");
            }

            try
            {
                return ReadAll();
            }
            catch (NvmlException e)
            {
                // The next reading begins anew: when its module was loaded again, the driver answers nobody who began before.
                End();
                return new NvidiaFacts(null, [], $"The NVIDIA driver is installed but does not answer: {e.Message}.", e.Remedy);
            }
            catch (EntryPointNotFoundException e)
            {
                return new NvidiaFacts(null, [], $"The NVIDIA driver is too old to be asked: {e.Message}", "Install a current driver.");
            }
        }
    }

    private NvidiaFacts ReadAll()
    {
        // Otherwise never shut down: initialising may take seconds, and the process gives everything back when it ends.
        if (_lostOne && _time.GetElapsedTime(_begunAt) >= AnewAfter)
            End();
        if (!_ready)
        {
            Check(((delegate* unmanaged[Cdecl]<int>)Find("nvmlInit_v2"))());
            _begunAt = _time.GetTimestamp();
        }

        (_ready, _lostOne) = (true, false);

        var version = stackalloc byte[VersionLength];
        Check(((delegate* unmanaged[Cdecl]<byte*, uint, int>)Find("nvmlSystemGetDriverVersion"))(version, VersionLength));
        uint count;
        Check(((delegate* unmanaged[Cdecl]<uint*, int>)Find("nvmlDeviceGetCount_v2"))(&count));
        var (gpus, silent) = (new List<GpuFacts>(), new List<string>());
        for (var i = 0u; i < count; i++)
        {
            // A GPU that this user may not see or that fell off the bus is no reason to hide the others.
            try
            {
                nint device;
                Check(((delegate* unmanaged[Cdecl]<uint, nint*, int>)Find("nvmlDeviceGetHandleByIndex_v2"))(i, &device));
                gpus.Add(ReadGpu(device));
            }
            catch (NvmlException e)
            {
                _lostOne |= e.IsLost;
                silent.Add($"GPU {i} of the driver does not answer: {e.Message}. {e.Remedy}");
            }
        }

        return new NvidiaFacts(Text(version, VersionLength), gpus) { Silent = silent };
    }

    private GpuFacts ReadGpu(nint device)
    {
        var name = stackalloc byte[NameLength];
        Check(((delegate* unmanaged[Cdecl]<nint, byte*, uint, int>)Find("nvmlDeviceGetName"))(device, name, NameLength));
        NvmlPci pci;
        Check(((delegate* unmanaged[Cdecl]<nint, NvmlPci*, int>)Find("nvmlDeviceGetPciInfo_v3"))(device, &pci));
        // These two are not supported by every GPU (one that MIG divides has no utilisation of its own).
        NvmlMemory memory;
        var hasMemory = ((delegate* unmanaged[Cdecl]<nint, NvmlMemory*, int>)Find("nvmlDeviceGetMemoryInfo"))(device, &memory) == Success;
        NvmlUtilisation use;
        var hasUse = ((delegate* unmanaged[Cdecl]<nint, NvmlUtilisation*, int>)Find("nvmlDeviceGetUtilizationRates"))(device, &use) == Success;
        // And these not by every driver.
        int major = 0, minor = 0;
        var ask = TryFind("nvmlDeviceGetCudaComputeCapability");
        var hasCapability = ask != 0 && ((delegate* unmanaged[Cdecl]<nint, int*, int*, int>)ask)(device, &major, &minor) == Success;
        uint divided = 0, pending;
        ask = TryFind("nvmlDeviceGetMigMode");
        var isDivided = ask != 0 && ((delegate* unmanaged[Cdecl]<nint, uint*, uint*, int>)ask)(device, &divided, &pending) == Success && divided == 1;
        return new GpuFacts(pci.Address, Text(name, NameLength), hasMemory ? (long)memory.Total : null, hasMemory ? (long)memory.Used : null,
            hasUse ? use.Gpu / 100.0 : null)
        {
            Capability = hasCapability ? new ComputeCapability(major, minor) : null,
            IsDivided = isDivided,
        };
    }

    private void End()
    {
        // The library counts how often it was begun, and begins anew only after as many ends.
        if (_ready && TryFind("nvmlShutdown") is var end and not 0)
            _ = ((delegate* unmanaged[Cdecl]<int>)end)();
        _ready = false;
    }

    /// <exception cref="EntryPointNotFoundException">The library lacks it.</exception>
    private nint Find(string name) =>
        TryFind(name) is var function and not 0 ? function : throw new EntryPointNotFoundException($"it has no {name}.");

    /// <returns>0 where the library lacks it.</returns>
    private nint TryFind(string name)
    {
        if (_functions.TryGetValue(name, out var known))
            return known;
        try
        {
            return _functions[name] = _find!(name);
        }
        catch (EntryPointNotFoundException)
        {
            return _functions[name] = 0;
        }
    }

    private void Check(int result)
    {
        if (result == Success)
            return;
        var text = ((delegate* unmanaged[Cdecl]<int, byte*>)Find("nvmlErrorString"))(result);
        throw new NvmlException(text is null ? $"error {result}" : $"{Marshal.PtrToStringUTF8((nint)text)} (error {result})", RemedyFor(result),
            result is Lost or ResetRequired);
    }

    // The numbers are nvmlReturn_t's.
    private static string RemedyFor(int result) => result switch
    {
        4 => "Let the user that runs the hub read and write /dev/nvidia* (often the group video or render).",
        9 => "Load the driver's module (modprobe nvidia); if that does not help, install the driver again for this kernel.",
        Lost or ResetRequired =>
            "The machine must be started again before this GPU can be used; if it happens again, look at its power supply and its place.",
        18 => "The driver was updated: start the machine again, so that the kernel's module and the library are of one version.",
        _ => "Run nvidia-smi in a terminal to see what the driver says. After an update of the driver the machine must be started again.",
    };

    private static string Text(byte* text, int length)
    {
        var bytes = new ReadOnlySpan<byte>(text, length);
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}

/// <summary>nvmlMemory_t, in bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NvmlMemory
{
    public readonly ulong Total;
    public readonly ulong Free;
    public readonly ulong Used;
}

/// <summary>nvmlUtilization_t, in percent of the driver's last sampling period (between a sixth of a second and a second).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NvmlUtilisation
{
    public readonly uint Gpu;
    public readonly uint Memory;
}

/// <summary>nvmlPciInfo_t as of nvmlDeviceGetPciInfo_v3: 16 bytes of an older address, five numbers, 32 bytes of the address.</summary>
[StructLayout(LayoutKind.Sequential, Size = 68)]
internal readonly struct NvmlPci
{
    private readonly ulong _oldAddress1;
    private readonly ulong _oldAddress2;
    private readonly uint _domain;
    private readonly uint _bus;
    private readonly uint _device;

    /// <summary>As CUDA writes it; a GPU is always function 0.</summary>
    public string Address => $"{_domain:x4}:{_bus:x2}:{_device:x2}.0";
}

/// <summary>The library answered with an error; the message is its own.</summary>
/// <param name="isLost">It speaks of one GPU, which only a reset or a new start of the machine brings back.</param>
internal sealed class NvmlException(string message, string remedy, bool isLost) : Exception(message)
{
    public string Remedy => remedy;

    public bool IsLost => isLost;
}
