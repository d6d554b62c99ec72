using ExperimentHub.Tracking.Devices;

namespace ExperimentHub.Execution.Devices;

/// <summary>Asks the kernel and the NVIDIA driver.</summary>
internal sealed class MachineHardware(Nvml nvml) : IHardware
{
    // Processors do not come and go while a hub runs, and the file is long on big machines.
    private readonly Lazy<CpuInfo> _cpu = new(() => CpuInfo.Parse(Read("/proc/cpuinfo")));

    public Hardware Read()
    {
        var memory = MemoryInfo.Parse(Read("/proc/meminfo"));
        var cpu = _cpu.Value;
        return new Hardware(
            new CpuFacts(cpu.Model, cpu.Cores, cpu.Processors > 0 ? cpu.Processors : Environment.ProcessorCount, memory.Total, memory.Available),
            nvml.Read());
    }

    public long? ReadMemoryAvailable() => MemoryInfo.Parse(Read("/proc/meminfo")).Available;

    /// <summary>A file that is not there or is hidden (some containers do) says nothing.</summary>
    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
