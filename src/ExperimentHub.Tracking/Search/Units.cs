namespace ExperimentHub.Tracking.Search;

/// <summary>The units that numbers may be written with: those that pages show, and what people type instead of them.</summary>
internal static class Units
{
    /// <summary>In seconds; in any case.</summary>
    private static readonly Dictionary<string, double> Durations = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ms"] = 0.001,
        ["s"] = 1,
        ["m"] = 60,
        ["min"] = 60,
        ["h"] = 3_600,
        ["d"] = 86_400,
        ["w"] = 7 * 86_400,
    };

    /// <summary>In bytes; in any case. With an i powers of 1,024, without it powers of 1,000.</summary>
    private static readonly Dictionary<string, double> Sizes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["B"] = 1,
        ["kB"] = 1e3,
        ["MB"] = 1e6,
        ["GB"] = 1e9,
        ["TB"] = 1e12,
        ["KiB"] = 1L << 10,
        ["MiB"] = 1L << 20,
        ["GiB"] = 1L << 30,
        ["TiB"] = 1L << 40,
    };

    /// <summary>As they are written: M is a million, and m a minute.</summary>
    private static readonly Dictionary<string, double> Multiples = new(StringComparer.Ordinal)
    {
        ["k"] = 1e3,
        ["M"] = 1e6,
        ["G"] = 1e9,
        ["T"] = 1e12,
    };

    public static bool Contains(string unit) => Durations.ContainsKey(unit) || Sizes.ContainsKey(unit) || Multiples.ContainsKey(unit);

    /// <summary>null where it is no unit of time.</summary>
    public static double? Seconds(string unit) => Durations.TryGetValue(unit, out var seconds) ? seconds : null;

    /// <summary>null where it is no unit of size.</summary>
    public static double? Bytes(string unit) => Sizes.TryGetValue(unit, out var bytes) ? bytes : null;

    /// <summary>null where it is no such letter.</summary>
    public static double? Multiple(string unit) => Multiples.TryGetValue(unit, out var factor) ? factor : null;

    /// <summary>What a number may be followed by, for a person.</summary>
    public static string Allowed { get; } =
        $"durations are {string.Join(", ", Durations.Keys.Where(unit => unit != "min").Select(unit => $"1{unit}"))}, shares 95%, sizes 1 MiB or 1 "
            + "MB, and large numbers 12k or 5.04M";
}
