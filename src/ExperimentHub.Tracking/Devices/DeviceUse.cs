using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Devices;

/// <summary>A device's slots and who holds them, the longest holder first.</summary>
/// <param name="Slots">Runs that may train on it at the same time.</param>
public sealed record DeviceUse(DeviceInfo Device, int Slots, IReadOnlyList<SlotHolder> Holders);

/// <param name="Since">UTC; when this attempt took the slot.</param>
public sealed record SlotHolder(RunId Run, DateTime Since);
