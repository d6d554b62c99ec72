using System.Reflection;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer;

/// <summary>What the numbers of a training depend on beside its spec; saved with them.</summary>
/// <param name="Device">As torch names it.</param>
/// <param name="Threads">CPU threads that torch uses inside one operation.</param>
/// <param name="DatasetSha256">See <see cref="ExperimentHub.Protocol.Datasets.DatasetInfo.Identity"/>.</param>
internal sealed record TrainingConditions(string Device, string DeviceName, int Threads, string DatasetSha256, string AppVersion)
{
    /// <summary>What libtorch says of itself.</summary>
    public static string TorchVersion => LibTorch.Version;

    public static string TorchSharpVersion { get; } =
        typeof(TorchSharp.torch).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static string DotnetVersion { get; } = Environment.Version.ToString();
}
