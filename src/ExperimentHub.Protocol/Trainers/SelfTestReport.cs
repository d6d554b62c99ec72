using ExperimentHub.Protocol.Devices;

namespace ExperimentHub.Protocol.Trainers;

/// <summary>What <c>ExperimentHub.Trainer --selftest --json</c> prints: can this machine train, and on what.</summary>
/// <param name="Works">torch loaded and one training step gave a finite loss on every device.</param>
/// <param name="TorchVersion">null where torch did not load.</param>
/// <param name="Backend">Where torch was loaded from and what it is: "CPU" or "CUDA".</param>
/// <param name="Devices">The CPU first, then the GPUs that torch can use.</param>
/// <param name="Problem">Why something does not work, for a person.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Patched">TorchSharp's native library was changed at build time to load with the C++ library of older systems; null where unknown.</param>
/// <param name="PciAddresses">By torch name, where each GPU is plugged in (<c>0000:65:00.0</c>): the driver's own tools number GPUs in another order.</param>
public sealed record SelfTestReport(
    bool Works, string? TorchVersion, string Backend, IReadOnlyList<DeviceInfo> Devices, int Threads, double? StepLoss, string? Problem, string? Remedy,
    bool? Patched = null, IReadOnlyDictionary<string, string>? PciAddresses = null);
