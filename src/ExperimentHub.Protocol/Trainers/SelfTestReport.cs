using System.Text.Json.Serialization;
using ExperimentHub.Protocol.Devices;

namespace ExperimentHub.Protocol.Trainers;

/// <summary>What <c>ExperimentHub.Trainer --selftest --json</c> prints: can this machine train, and on what.</summary>
/// <param name="Works">torch loaded, and training gave finite losses on some device.</param>
/// <param name="TorchVersion">libtorch's own; null where it did not load.</param>
/// <param name="Backend">Where torch was loaded from and what it is: "CPU" or "CUDA".</param>
/// <param name="Devices">Those that passed: the CPU first, then the GPUs. A run is sent to no other.</param>
/// <param name="StepLoss">Of the last device that passed.</param>
/// <param name="Problem">Why nothing works, or why torch finds no GPU although the trainer was built for one; for a person.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Patched">TorchSharp's native library was changed at build time to load with the C++ library of older systems; null where
/// unknown.</param>
/// <param name="PciAddresses">By torch name, where each GPU is plugged in (<c>0000:65:00.0</c>): the driver's own tools may number GPUs in another
/// order.</param>
public sealed record SelfTestReport(
    bool Works, string? TorchVersion, string Backend, IReadOnlyList<DeviceInfo> Devices, int Threads, double? StepLoss, string? Problem,
    string? Remedy,
    bool? Patched = null, IReadOnlyDictionary<string, string>? PciAddresses = null)
{
    /// <summary>What the trainer was built for: <c>cpu</c> or <c>cuda</c>. null where unknown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BuiltFor { get; init; }

    /// <summary>What came of each device that torch sees.</summary>
    public IReadOnlyList<DeviceTrial> Trials { get; init; } = [];

    /// <summary>The devices that torch sees and cannot train on.</summary>
    [JsonIgnore]
    public IEnumerable<DeviceTrial> Failed => Trials.Where(trial => trial.Problem is not null);
}

/// <summary>What came of training on one device: a step of the tutorial's network, and on a GPU one with convolutions as well.</summary>
/// <param name="StepLoss">Of the tutorial's network; null where a step failed.</param>
/// <param name="Problem">Why it failed, as a sentence; null where it passed.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Capability">Of a GPU; null where unknown.</param>
public sealed record DeviceTrial(DeviceInfo Device, double? StepLoss, string? Problem = null, string? Remedy = null,
    ComputeCapability? Capability = null);
