using System.Diagnostics;
using System.Globalization;

namespace ExperimentHub.TestHub;

/// <summary>What the system knows of processes, told apart from what .NET knows of its own children.</summary>
public static class Processes
{
    /// <summary>Whether a process still does anything. A zombie has ended; only its parent has not looked yet.</summary>
    public static bool Lives(int pid) => Stat(pid) is { } stat && stat[0] != "Z";

    /// <summary>Waits for the end of a process that need not be a child of ours.</summary>
    /// <exception cref="TimeoutException">It lives longer.</exception>
    public static async Task WaitForEndAsync(int pid, TimeSpan limit)
    {
        var end = DateTime.UtcNow + limit;
        while (Lives(pid))
        {
            if (DateTime.UtcNow > end)
                throw new TimeoutException($"Process {pid} still lives after {limit}.");
            await Task.Delay(20); // the system has no event for the end of somebody else's child
        }
    }

    /// <summary>Sends a signal by its name: "TERM", "STOP".</summary>
    public static async Task SignalAsync(int pid, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public static IReadOnlyList<int> ChildrenOf(int parent) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && Stat(pid) is { } stat && stat[0] != "Z" && stat[1] == parent.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>
    /// User and system time so far: its own, and that of its children that have ended. Counted by the system in hundredths of a second.
    /// </summary>
    public static (TimeSpan Own, TimeSpan EndedChildren) CpuTime(int pid)
    {
        var stat = Stat(pid) ?? throw new InvalidOperationException($"There is no process {pid}.");
        TimeSpan Sum(int field) =>
            TimeSpan.FromSeconds((long.Parse(stat[field], CultureInfo.InvariantCulture)
                + long.Parse(stat[field + 1], CultureInfo.InvariantCulture)) / 100.0);
        return (Sum(11), Sum(13));
    }

    /// <summary>Resident memory of any process, by proc(5); 0 for one that is gone.</summary>
    public static long ResidentBytes(int pid) =>
        Stat(pid) is { } stat ? long.Parse(stat[21], CultureInfo.InvariantCulture) * Environment.SystemPageSize : 0;

    /// <summary>The fields of /proc/pid/stat after the name: state, parent, ...</summary>
    private static string[]? Stat(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
