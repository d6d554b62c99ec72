using System.Reflection;
using ExperimentHub.Protocol.Devices;

namespace ExperimentHub.Trainer.Native;

/// <summary>
/// What the build wrote into the trainer's metadata. It decides, not the folders that happen to lie beside the trainer: those of an earlier build may
/// have stayed.
/// </summary>
internal static class BuildFacts
{
    /// <summary>
    /// What the trainer was built for, <see cref="DeviceRequest.Cpu"/> or <see cref="DeviceRequest.Cuda"/>: the build's TorchBackend.
    /// </summary>
    public static string Backend { get; } = Said("TorchBackend");

    /// <summary>
    /// The libtorch that TorchSharp's wrapper was built against. Not asked of TorchSharp: touching its class loads whatever libtorch it finds, or
    /// copies one together.
    /// </summary>
    public static Version WrapperLibTorch { get; } = Version.Parse(Said("WrapperLibTorchVersion"));

    /// <summary>Whether the build put the wrapper through LibTorchSharpPatch.</summary>
    public static bool IsPatched { get; } = Said("PatchLibTorchSharp") == "true";

    private static string Said(string key) =>
        typeof(BuildFacts).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(said => said.Key == key)?.Value
        ?? throw new InvalidOperationException($"The build of the trainer did not write {key} into its metadata (see ExperimentHub.Trainer.csproj).");
}
