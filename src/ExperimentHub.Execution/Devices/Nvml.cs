using System.Runtime.InteropServices;
using System.Text;
using ExperimentHub.Tracking.Devices;

namespace ExperimentHub.Execution.Devices;

/// <summary>
/// NVIDIA's management library, which comes with the driver and which <c>nvidia-smi</c> uses. It takes no memory of a GPU and needs no CUDA. It is looked
/// for at each reading until it is found, so a driver that is installed later appears without a new start. One reading at a time.
/// </summary>
/// <param name="open">Opens the library and gives its functions by name; null where there is none.</param>
/// <remarks>Names, buffer sizes and layouts: NVML API Reference and nvml.h (docs.nvidia.com/deploy/nvml-api).</remarks>
internal sealed unsafe class Nvml(Func<Func<string, nint>?> open)
{
    private const string Library = "libnvidia-ml.so.1";
    private const int Success = 0;              // NVML_SUCCESS
    private const int NameLength = 96;          // NVML_DEVICE_NAME_V2_BUFFER_SIZE
    private const int VersionLength = 80;       // NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE

    private readonly Lock _lock = new();
    private Func<string, nint>? _find;
    private bool _ready;

    public static Nvml OfTheDriver() => new(() => NativeLibrary.TryLoad(Library, out var library) ? name => NativeLibrary.GetExport(library, name) : null);

    public NvidiaFacts Read()
    {
        lock (_lock)
        {
            _find ??= open();
            if (_find is null)
            {
                return new NvidiaFacts(null, [], "No NVIDIA driver was found on this machine.",
                    "To train on a GPU: install NVIDIA's driver until nvidia-smi lists the GPU, build the trainer with -p:TorchBackend=cuda, and test again.");
            }

            try
            {
                return ReadFrom(_find);
            }
            catch (NvmlException e)
            {
                // The next reading begins anew: after an update of the driver or a GPU that fell off the bus the library must be initialised again.
                _ready = false;
                return new NvidiaFacts(null, [], $"The NVIDIA driver is installed but does not answer: {e.Message}.",
                    "Run nvidia-smi in a terminal to see what the driver says. After an update of the driver the machine must be started again.");
            }
            catch (EntryPointNotFoundException e)
            {
                return new NvidiaFacts(null, [], $"The NVIDIA driver is too old to be asked: {e.Message}", "Install a current driver.");
            }
        }
    }

    private NvidiaFacts ReadFrom(Func<string, nint> find)
    {
        // Never shut down again: initialising may take seconds, and the process gives everything back when it ends.
        if (!_ready)
            Check(find, ((delegate* unmanaged[Cdecl]<int>)find("nvmlInit_v2"))());
        _ready = true;

        var version = stackalloc byte[VersionLength];
        Check(find, ((delegate* unmanaged[Cdecl]<byte*, uint, int>)find("nvmlSystemGetDriverVersion"))(version, VersionLength));
        uint count;
        Check(find, ((delegate* unmanaged[Cdecl]<uint*, int>)find("nvmlDeviceGetCount_v2"))(&count));
        var gpus = new List<GpuFacts>();
        for (var i = 0u; i < count; i++)
        {
            nint device;
            // A GPU that this user may not see or that fell off the bus is no reason to hide the others.
            if (((delegate* unmanaged[Cdecl]<uint, nint*, int>)find("nvmlDeviceGetHandleByIndex_v2"))(i, &device) == Success)
                gpus.Add(ReadGpu(find, device));
        }

        return new NvidiaFacts(Text(version, VersionLength), gpus);
    }

    private static GpuFacts ReadGpu(Func<string, nint> find, nint device)
    {
        var name = stackalloc byte[NameLength];
        Check(find, ((delegate* unmanaged[Cdecl]<nint, byte*, uint, int>)find("nvmlDeviceGetName"))(device, name, NameLength));
        NvmlPci pci;
        Check(find, ((delegate* unmanaged[Cdecl]<nint, NvmlPci*, int>)find("nvmlDeviceGetPciInfo_v3"))(device, &pci));
        // These two are not supported by every GPU (a part of one under MIG has no utilisation of its own).
        NvmlMemory memory;
        var hasMemory = ((delegate* unmanaged[Cdecl]<nint, NvmlMemory*, int>)find("nvmlDeviceGetMemoryInfo"))(device, &memory) == Success;
        NvmlUtilisation use;
        var hasUse = ((delegate* unmanaged[Cdecl]<nint, NvmlUtilisation*, int>)find("nvmlDeviceGetUtilizationRates"))(device, &use) == Success;
        return new GpuFacts(pci.Address, Text(name, NameLength), hasMemory ? (long)memory.Total : null, hasMemory ? (long)memory.Used : null, hasUse ? use.Gpu / 100.0 : null);
    }

    private static void Check(Func<string, nint> find, int result)
    {
        if (result == Success)
            return;
        var text = ((delegate* unmanaged[Cdecl]<int, byte*>)find("nvmlErrorString"))(result);
        throw new NvmlException(text is null ? $"error {result}" : $"{Marshal.PtrToStringUTF8((nint)text)} (error {result})");
    }

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
internal sealed class NvmlException(string message) : Exception(message);
