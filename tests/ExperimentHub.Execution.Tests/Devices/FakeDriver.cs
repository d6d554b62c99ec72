using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExperimentHub.Execution.Tests.Devices;

/// <summary>
/// NVIDIA's library, played by functions of ours with its calling convention, which write its structures byte by byte. Such functions are static, so the tests that use them
/// are one collection and run one after another.
/// </summary>
internal static unsafe class FakeDriver
{
    public const string Collection = "NVIDIA's driver";

    /// <summary>What the calls answer; 0 is success.</summary>
    public static int InitAnswer { get; set; }

    public static int UseAnswer { get; set; }

    public static int InitCalls { get; private set; }

    public static void Reset() => (InitAnswer, InitCalls, UseAnswer) = (0, 0, 0);

    public static nint Find(string name) => name switch
    {
        "nvmlInit_v2" => (nint)(delegate* unmanaged[Cdecl]<int>)&Init,
        "nvmlErrorString" => (nint)(delegate* unmanaged[Cdecl]<int, byte*>)&ErrorString,
        "nvmlSystemGetDriverVersion" => (nint)(delegate* unmanaged[Cdecl]<byte*, uint, int>)&DriverVersion,
        "nvmlDeviceGetCount_v2" => (nint)(delegate* unmanaged[Cdecl]<uint*, int>)&Count,
        "nvmlDeviceGetHandleByIndex_v2" => (nint)(delegate* unmanaged[Cdecl]<uint, nint*, int>)&Handle,
        "nvmlDeviceGetName" => (nint)(delegate* unmanaged[Cdecl]<nint, byte*, uint, int>)&Name,
        "nvmlDeviceGetPciInfo_v3" => (nint)(delegate* unmanaged[Cdecl]<nint, byte*, int>)&Pci,
        "nvmlDeviceGetMemoryInfo" => (nint)(delegate* unmanaged[Cdecl]<nint, ulong*, int>)&Memory,
        "nvmlDeviceGetUtilizationRates" => (nint)(delegate* unmanaged[Cdecl]<nint, uint*, int>)&Use,
        _ => throw new EntryPointNotFoundException(name),
    };

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Init()
    {
        InitCalls++;
        return InitAnswer;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte* ErrorString(int result) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference("Driver Not Loaded\0"u8)); // constant data, it does not move

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DriverVersion(byte* text, uint length) => Write("580.65.06\0"u8, text, length);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Count(uint* count)
    {
        *count = 3;
        return 0;
    }

    /// <summary>The GPU in the middle fell off the bus.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Handle(uint index, nint* device)
    {
        *device = 5 + (nint)index;
        return index == 1 ? 15 : 0; // NVML_ERROR_GPU_IS_LOST
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Name(nint device, byte* text, uint length) => Write(device == 7 ? "NVIDIA Test 7\0"u8 : "NVIDIA Test 5\0"u8, text, length);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Pci(nint device, byte* info)
    {
        new Span<byte>(info, 68).Fill(0xee);
        "0000:C1:1F.0\0"u8.CopyTo(new Span<byte>(info, 16));
        *(uint*)(info + 16) = 0;
        *(uint*)(info + 20) = 0xc1;
        *(uint*)(info + 24) = 0x1f;
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Memory(nint device, ulong* memory)
    {
        (memory[0], memory[1], memory[2]) = (80UL << 30, 77UL << 30, 3UL << 30);
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Use(nint device, uint* use)
    {
        (use[0], use[1]) = (42, 9);
        return UseAnswer;
    }

    private static int Write(ReadOnlySpan<byte> text, byte* buffer, uint length)
    {
        text.CopyTo(new Span<byte>(buffer, (int)length));
        return 0;
    }
}
