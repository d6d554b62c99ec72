using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ExperimentHub.Execution.Devices;

namespace ExperimentHub.Execution.Tests.Devices;

/// <summary>The driver's library is played by functions of ours with its calling convention, which write its structures byte by byte.</summary>
public sealed unsafe class NvmlTests
{
    private static int _initAnswer;
    private static int _initCalls;
    private static int _useAnswer;

    public NvmlTests() => (_initAnswer, _initCalls, _useAnswer) = (0, 0, 0);

    [Fact]
    public void Read_NoLibrary_SaysThereIsNoDriverAndWhatToDo()
    {
        var facts = new Nvml(() => null).Read();
        Assert.Empty(facts.Gpus);
        Assert.Equal("No NVIDIA driver was found on this machine.", facts.Problem);
        Assert.Contains("-p:TorchBackend=cuda", facts.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TwoGpus_TellsWhatTheLibraryWrote()
    {
        var facts = new Nvml(() => Find).Read();
        Assert.Null(facts.Problem);
        Assert.Equal("580.65.06", facts.DriverVersion);
        Assert.Equal(2, facts.Gpus.Count);
        Assert.Equal(new Tracking.Devices.GpuFacts("0000:c1:1f.0", "NVIDIA Test 7", 80L << 30, 3L << 30, 0.42), facts.Gpus[1]);
    }

    [Fact]
    public void Read_UtilisationNotSupported_IsUnknownAndTheRestIsTold()
    {
        _useAnswer = 3; // NVML_ERROR_NOT_SUPPORTED
        var gpu = new Nvml(() => Find).Read().Gpus[0];
        Assert.Null(gpu.Utilisation);
        Assert.Equal(80L << 30, gpu.MemoryTotal);
    }

    [Fact]
    public void Read_DriverDoesNotAnswer_SaysWhyAndTriesAgain()
    {
        var nvml = new Nvml(() => Find);
        _initAnswer = 9; // NVML_ERROR_DRIVER_NOT_LOADED
        var facts = nvml.Read();
        Assert.Equal("The NVIDIA driver is installed but does not answer: Driver Not Loaded (error 9).", facts.Problem);
        _initAnswer = 0;
        Assert.Equal(2, nvml.Read().Gpus.Count);
        nvml.Read();
        Assert.Equal(2, _initCalls); // once it answered, it is not initialised again
    }

    [Fact]
    public void Read_OldDriver_NamesTheMissingFunction()
    {
        var nvml = new Nvml(() => name => name == "nvmlDeviceGetPciInfo_v3" ? throw new EntryPointNotFoundException(name) : Find(name));
        Assert.Contains("nvmlDeviceGetPciInfo_v3", nvml.Read().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Structures_OfTheHeader_HaveItsSizes() => Assert.Equal((24, 8, 68), (sizeof(NvmlMemory), sizeof(NvmlUtilisation), sizeof(NvmlPci)));

    private static nint Find(string name) => name switch
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
        _initCalls++;
        return _initAnswer;
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
        return _useAnswer;
    }

    private static int Write(ReadOnlySpan<byte> text, byte* buffer, uint length)
    {
        text.CopyTo(new Span<byte>(buffer, (int)length));
        return 0;
    }
}
