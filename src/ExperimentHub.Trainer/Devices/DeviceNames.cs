using System.Runtime.InteropServices;
using System.Text;
using ExperimentHub.Protocol.Devices;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Devices;

/// <summary>The devices that torch can use here, with the hardware's own names.</summary>
internal static partial class DeviceNames
{
    /// <summary>The CPU first, then the GPUs. libtorch must be loaded.</summary>
    public static IReadOnlyList<DeviceInfo> All()
    {
        List<DeviceInfo> devices = [Cpu()];
        if (cuda.is_available())
            devices.AddRange(Enumerable.Range(0, cuda.device_count()).Select(Gpu));
        return devices;
    }

    /// <summary>The device that the hub names as torch does: <c>cpu</c> or <c>cuda:N</c>.</summary>
    /// <exception cref="TrainingFailure">There is no such device; nothing is ever moved to another one in silence.</exception>
    public static DeviceInfo Find(string torchName)
    {
        if (torchName == DeviceRequest.Cpu)
            return Cpu();
        var devices = All();
        return devices.FirstOrDefault(device => device.TorchName == torchName) ?? throw new TrainingFailure(
            $"The device {torchName} is not there; torch can use {string.Join(", ", devices.Select(device => device.TorchName))}.",
            "Choose another device. For a GPU, see what ExperimentHub.Trainer --selftest says: the driver may be missing or the trainer built without CUDA (-p:TorchBackend=cuda).");
    }

    /// <summary>Where each GPU is plugged in, by torch name; a GPU whose place the driver does not tell is left out.</summary>
    public static IReadOnlyDictionary<string, string> PciAddresses(IEnumerable<DeviceInfo> devices)
    {
        var addresses = new Dictionary<string, string>();
        foreach (var gpu in devices.Where(device => device.Kind == DeviceRequest.Cuda))
            if (FromDriver(gpu.Index, DriverDevicePciAddress, 32) is { } address)
                addresses[gpu.TorchName] = address;
        return addresses;
    }

    private static DeviceInfo Cpu()
    {
        const string field = "model name";
        var line = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal)) : null;
        return new DeviceInfo(DeviceRequest.Cpu, 0, line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? "CPU");
    }

    // torch has no call for the name; the driver has, and it numbers the GPUs as torch does.
    private static DeviceInfo Gpu(int index) =>
        new(DeviceRequest.Cuda, index, FromDriver(index, DriverDeviceName, 256) ?? "NVIDIA GPU");

    /// <summary>A text about a GPU; null where the driver does not give it, since no run depends on it.</summary>
    private static string? FromDriver(int index, Func<byte[], int, int, int> ask, int length)
    {
        var buffer = new byte[length];
        try
        {
            return DriverInit(0) == 0 && DriverDevice(out var device, index) == 0 && ask(buffer, length, device) == 0
                ? Encoding.UTF8.GetString(buffer, 0, Array.IndexOf(buffer, (byte)0))
                : null;
        }
        catch (DllNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libcuda.so.1", EntryPoint = "cuInit")]
    private static partial int DriverInit(uint flags);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuDeviceGet")]
    private static partial int DriverDevice(out int device, int ordinal);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuDeviceGetName")]
    private static partial int DriverDeviceName(byte[] name, int length, int device);

    // "0000:65:00.0", all hexadecimal: CUDA Driver API, cuDeviceGetPCIBusId.
    [LibraryImport("libcuda.so.1", EntryPoint = "cuDeviceGetPCIBusId")]
    private static partial int DriverDevicePciAddress(byte[] address, int length, int device);
}
