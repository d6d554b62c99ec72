using System.Runtime.InteropServices;
using System.Text;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer.Devices;

/// <summary>
/// NVIDIA's driver library: it knows more of a GPU than torch tells, numbers GPUs as torch does, and says why there is none. Without a driver, or
/// with one that does not answer, everything is unknown.
/// </summary>
/// <remarks>Names and numbers: CUDA Driver API (docs.nvidia.com/cuda/cuda-driver-api).</remarks>
internal static partial class CudaDriver
{
    private const string Library = DriverLibrary.Name;
    private const int CapabilityMajor = 75; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
    private const int CapabilityMinor = 76; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR

    /// <param name="Result">What <c>cuInit</c> answered; null where the library does not load.</param>
    /// <param name="Version">The CUDA version that the driver knows, as CUDA writes it (12080 is 12.8); null where it does not say.</param>
    /// <param name="LoaderWords">Why the library does not load.</param>
    /// <param name="Visible">CUDA_VISIBLE_DEVICES, which the driver goes by; null where it is not set.</param>
    internal sealed record Answer(int? Result, int? Version, string? LoaderWords = null, string? Visible = null);

    public static Answer Ask()
    {
        if (DriverLibrary.Open() is { } problem)
            return new Answer(null, null, problem);
        try
        {
            return new Answer(Init(0), DriverVersion(out var version) == 0 ? version : null, null,
                Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES"));
        }
        catch (EntryPointNotFoundException e)
        {
            return new Answer(null, null, e.Message);
        }
    }

    public static string? Name(int index) => Text(index, DeviceName, 256);

    /// <summary>Where it is plugged in: "0000:65:00.0", all hexadecimal.</summary>
    public static string? PciAddress(int index) => Text(index, DevicePciAddress, 32);

    public static ComputeCapability? Capability(int index) => Of<ComputeCapability>(index, device =>
        DeviceAttribute(out var major, CapabilityMajor, device) == 0 && DeviceAttribute(out var minor, CapabilityMinor, device) == 0
            ? new ComputeCapability(major, minor) : null);

    private static string? Text(int index, Func<byte[], int, int, int> ask, int length)
    {
        var buffer = new byte[length];
        var known = Of<bool>(index, device => ask(buffer, length, device) == 0 ? true : null);
        return known is null ? null : Encoding.UTF8.GetString(buffer.AsSpan(0, Math.Max(0, Array.IndexOf(buffer, (byte)0))));
    }

    private static T? Of<T>(int index, Func<int, T?> ask) where T : struct
    {
        try
        {
            return DriverLibrary.Open() is null && Init(0) == 0 && Device(out var device, index) == 0 ? ask(device) : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport(Library, EntryPoint = "cuInit")]
    private static partial int Init(uint flags);

    [LibraryImport(Library, EntryPoint = "cuDriverGetVersion")]
    private static partial int DriverVersion(out int version);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    private static partial int Device(out int device, int ordinal);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetName")]
    private static partial int DeviceName(byte[] name, int length, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetPCIBusId")]
    private static partial int DevicePciAddress(byte[] address, int length, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    private static partial int DeviceAttribute(out int value, int attribute, int device);
}
