using ExperimentHub.Protocol.Devices;
using ExperimentHub.Trainer.Native;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Devices;

/// <summary>The devices that torch can use here, with the hardware's own names.</summary>
internal static class DeviceNames
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
        if (devices.FirstOrDefault(device => device.TorchName == torchName) is { } found)
            return found;
        var (why, remedy) = devices.Count > 1 ? ("", "Choose another device.")
            : LibTorch.HasCuda ? NoGpuWords.Explain(CudaDriver.Ask(), LibTorch.CudaVersion())
            : ("The libtorch in use has no CUDA.", "Choose another device, or build the trainer with -p:TorchBackend=cuda.");
        throw new TrainingFailure(
            $"The device {torchName} is not there; torch can use {string.Join(", ", devices.Select(device => device.TorchName))}. {why}".TrimEnd(),
            remedy);
    }

    /// <summary>Where each GPU is plugged in, by torch name; a GPU whose place the driver does not tell is left out.</summary>
    public static IReadOnlyDictionary<string, string> PciAddresses(IEnumerable<DeviceInfo> devices)
    {
        var addresses = new Dictionary<string, string>();
        foreach (var gpu in devices.Where(device => device.Kind == DeviceRequest.Cuda))
            if (CudaDriver.PciAddress(gpu.Index) is { } address)
                addresses[gpu.TorchName] = address;
        return addresses;
    }

    /// <summary>The same from the driver alone, for all GPUs that it lets us see: torch need not be loaded.</summary>
    public static IReadOnlyDictionary<string, string> PciAddresses() =>
        PciAddresses(Enumerable.Range(0, DeviceRequest.MaxIndex + 1).TakeWhile(index => CudaDriver.PciAddress(index) is not null)
            .Select(index => new DeviceInfo(DeviceRequest.Cuda, index, "")));

    /// <summary>What a GPU can compute; null for the CPU and where the driver does not tell.</summary>
    public static ComputeCapability? CapabilityOf(DeviceInfo device) =>
        device.Kind == DeviceRequest.Cuda ? CudaDriver.Capability(device.Index) : null;

    private static DeviceInfo Cpu()
    {
        const string field = "model name";
        var line = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo")
            .FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal)) : null;
        return new DeviceInfo(DeviceRequest.Cpu, 0, line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? "CPU");
    }

    // torch has no call for the name; the driver has. No run depends on it.
    private static DeviceInfo Gpu(int index) => new(DeviceRequest.Cuda, index, CudaDriver.Name(index) ?? "NVIDIA GPU");
}
