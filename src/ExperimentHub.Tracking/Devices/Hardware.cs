using ExperimentHub.Protocol.Devices;

namespace ExperimentHub.Tracking.Devices;

/// <summary>What this machine is made of, as the system and the NVIDIA driver say it. What torch can use of it, the self-test says.</summary>
public sealed record Hardware(CpuFacts Cpu, NvidiaFacts Nvidia);

/// <param name="Model">The name that the vendor gave it; null where the system does not know one (many ARM machines).</param>
/// <param name="Cores">Physical cores; null where the system does not tell them from processors (some virtual machines).</param>
/// <param name="Processors">Logical processors of the machine; a container may be allowed fewer.</param>
/// <param name="MemoryTotal">Bytes; null where unknown.</param>
/// <param name="MemoryAvailable">Bytes that a new program could take without swapping; null where unknown.</param>
public sealed record CpuFacts(string? Model, int? Cores, int Processors, long? MemoryTotal, long? MemoryAvailable);

/// <param name="DriverVersion">null where there is no driver.</param>
/// <param name="Gpus">In the driver's order, which need not be torch's.</param>
/// <param name="Problem">Why nothing can be said about GPUs, for a person; null where the driver answers.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record NvidiaFacts(string? DriverVersion, IReadOnlyList<GpuFacts> Gpus, string? Problem = null, string? Remedy = null)
{
    /// <summary>For each GPU that the driver lists and that does not answer, why and what to do, for a person.</summary>
    public IReadOnlyList<string> Silent { get; init; } = [];
}

/// <param name="PciAddress">Where it is plugged in, such as <c>0000:65:00.0</c>: what torch's and the driver's numbering have in common.</param>
/// <param name="MemoryTotal">Bytes; null where the driver does not say.</param>
/// <param name="MemoryUsed">Bytes that all processes of the machine hold together.</param>
/// <param name="Utilisation">Share of the last moments in which the GPU computed, 0..1; null where the driver does not say.</param>
public sealed record GpuFacts(string PciAddress, string Name, long? MemoryTotal, long? MemoryUsed, double? Utilisation)
{
    /// <summary>null where the driver does not say.</summary>
    public ComputeCapability? Capability { get; init; }

    /// <summary>MIG divides it into parts, of which torch sees one; the figures are those of the whole.</summary>
    public bool IsDivided { get; init; }
}

/// <summary>Reads the hardware at the moment of asking. It may take milliseconds, so a page asks off its own thread.</summary>
public interface IHardware
{
    Hardware Read();

    /// <summary>The same as <see cref="CpuFacts.MemoryAvailable"/>, without asking a driver that may be in trouble and take its time.</summary>
    long? ReadMemoryAvailable() => Read().Cpu.MemoryAvailable;
}
