using System.Reflection;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer;

/// <summary>What the numbers of a training depend on beside its spec; saved with them.</summary>
/// <param name="Device">As torch names it.</param>
/// <param name="Threads">CPU threads that torch uses inside one operation.</param>
/// <param name="DatasetSha256">See <see cref="ExperimentHub.Protocol.Datasets.DatasetInfo.Identity"/>.</param>
internal sealed record TrainingConditions(string Device, string DeviceName, int Threads, string DatasetSha256, string AppVersion)
{
    /// <summary>
    /// Whether sums come out as they did under other conditions, as far as anybody can promise it: on a device of the same kind and name, with the
    /// same libtorch, and on the CPU, whose threads part them, with as many threads. Which of several equal GPUs it is does not matter.
    /// </summary>
    /// <param name="device">As torch named it.</param>
    /// <param name="deviceName">null where it is not known.</param>
    public bool AddUpAs(string device, string? deviceName, int threads, string torchVersion) =>
        Kind(device) == Kind(Device) && (deviceName ?? DeviceName) == DeviceName && torchVersion == TorchVersion
        && (threads == Threads || Device != DeviceRequest.Cpu);

    /// <summary>What libtorch says of itself.</summary>
    public static string TorchVersion => LibTorch.Version;

    public static string TorchSharpVersion { get; } =
        typeof(TorchSharp.torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static string DotnetVersion { get; } = Environment.Version.ToString();

    private static string Kind(string device) => device.Split(':')[0];
}
