using System.Runtime.InteropServices;
using ExperimentHub.Tracking.Devices;

namespace ExperimentHub.Tracking.Runs;

/// <summary>
/// The machine that a run trained on, as it was when the newest attempt began. Trainer and hub are on one machine and run on one .NET.
/// </summary>
/// <param name="Memory">Bytes; null where unknown.</param>
/// <param name="NvidiaDriver">null where there is none.</param>
public sealed record RunEnvironment(
    string Machine, string OperatingSystem, string Architecture, string Runtime, string? Cpu, int? Cores, int Processors, long? Memory,
    string? NvidiaDriver)
{
    public static RunEnvironment Of(Hardware hardware) => new(
        Environment.MachineName, RuntimeInformation.OSDescription, RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
        RuntimeInformation.FrameworkDescription,
        hardware.Cpu.Model, hardware.Cpu.Cores, hardware.Cpu.Processors, hardware.Cpu.MemoryTotal, hardware.Nvidia.DriverVersion);
}
