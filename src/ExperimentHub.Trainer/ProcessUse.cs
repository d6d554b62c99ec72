using System.Diagnostics;

namespace ExperimentHub.Trainer;

/// <summary>What this process takes of the machine.</summary>
internal sealed class ProcessUse
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _cpu = Environment.CpuUsage.TotalTime;

    /// <returns>CPU time since the last call in per cent of one core, and the resident memory now.</returns>
    public (double CpuPercent, long MemoryBytes) Read()
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var percent = 100 * (cpu - _cpu) / _clock.Elapsed;
        _cpu = cpu;
        _clock.Restart();
        return (percent, Environment.WorkingSet);
    }
}
