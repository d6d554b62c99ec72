using System.Globalization;

namespace ExperimentHub.Execution.Devices;

/// <summary>What <c>/proc/meminfo</c> says, in bytes; null for a line that is not there.</summary>
internal sealed record MemoryInfo(long? Total, long? Available)
{
    public static MemoryInfo Parse(string text) => new(Find(text, "MemTotal:"), Find(text, "MemAvailable:"));

    /// <summary>The kernel writes "kB" and means 1024 bytes.</summary>
    private static long? Find(string text, string name)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal)
                && line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var number, "kB"]
                && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes))
                return kilobytes * 1024;
        }

        return null;
    }
}
