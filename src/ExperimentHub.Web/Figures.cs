using System.Globalization;

namespace ExperimentHub.Web;

/// <summary>How numbers are written on every page. The language of numbers is English, like the words around them.</summary>
public static class Figures
{
    /// <summary>Stands where a number is not known yet.</summary>
    public const string None = "–";

    private static readonly string[] SizeUnits = ["B", "KiB", "MiB", "GiB", "TiB"];
    private static readonly string[] Magnitudes = ["", "k", "M", "G", "T"];

    /// <summary>A fraction as <c>91.23 %</c>.</summary>
    public static string Accuracy(double? fraction) => fraction is { } value ? $"{Text(value * 100, "0.00")} %" : None;

    /// <summary>The same without the unit, for columns that carry it in the header.</summary>
    public static string Percent(double? fraction) => fraction is { } value ? Text(value * 100, "0.00") : None;

    /// <summary>A score from 0 to 1 with four decimals: <c>0.9123</c>.</summary>
    public static string Score(double? score) => score is { } value ? Text(value, "0.0000") : None;

    /// <summary>A fraction as <c>58 %</c>; 100 % only when it is done.</summary>
    public static string Progress(double fraction) => $"{Text(Math.Floor(Math.Clamp(fraction, 0, 1) * 100), "0")} %";

    /// <summary>Four significant digits.</summary>
    public static string Loss(double? loss)
    {
        if (loss is not { } value)
            return None;
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
        if (value == 0)
            return "0";
        var magnitude = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return magnitude is < -4 or > 5
            ? Text(value, "0.000e0")
            : Text(value, "F" + Math.Max(0, 3 - magnitude).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The way people type a setting: <c>0.01</c>, <c>3e-4</c>.</summary>
    public static string Setting(double value) =>
        value != 0 && Math.Abs(value) < 0.001 ? Text(value, "0.################e0") : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Four significant digits at most, and none that say nothing: <c>0.01</c>, <c>12.5</c>, <c>1.5e-5</c>.</summary>
    public static string Compact(double value) => value == 0 ? "0" : Math.Abs(value) is < 0.001 or >= 1e6
        ? Text(value, "0.###e0") : Text(value, $"0.{new string('#', Math.Clamp(3 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 6))}");

    /// <summary><c>12,345</c>.</summary>
    public static string Count(long? count) => count is { } value ? value.ToString("N0", CultureInfo.InvariantCulture) : None;

    /// <summary><c>15.7 k</c>, <c>5.04 M</c>: three significant digits.</summary>
    public static string Rough(double value)
    {
        var magnitude = 0;
        for (; value >= 1000 && magnitude < Magnitudes.Length - 1; magnitude++)
            value /= 1000;
        var digits = value >= 100 || magnitude == 0 ? "0" : value >= 10 ? "0.0" : "0.00";
        return magnitude == 0 ? Text(value, digits) : $"{Text(value, digits)} {Magnitudes[magnitude]}";
    }

    /// <summary><c>31 KiB</c>, <c>1.2 MiB</c>.</summary>
    public static string Size(long bytes)
    {
        double value = bytes;
        var unit = 0;
        for (; value >= 1024 && unit < SizeUnits.Length - 1; unit++)
            value /= 1024;
        return $"{Text(value, unit < 2 || value >= 100 ? "0" : "0.0")} {SizeUnits[unit]}";
    }

    /// <summary><c>0.42 s</c>, <c>9.1 s</c>, <c>1 m 23 s</c>, <c>2 h 05 m</c>.</summary>
    public static string Duration(double? seconds)
    {
        if (seconds is not { } value)
            return None;
        if (value < 1)
            return $"{Text(value, "0.00")} s";
        if (value < 59.95)
            return $"{Text(value, "0.0")} s";
        var time = TimeSpan.FromSeconds(Math.Round(value));
        return time.TotalHours < 1 ? $"{time.Minutes} m {time.Seconds:00} s" : $"{(int)time.TotalHours} h {time.Minutes:00} m";
    }

    /// <summary>A round time in words: <c>1 hour</c>, <c>36 hours</c>, <c>7 days</c>.</summary>
    public static string Lasting(TimeSpan time)
    {
        var hours = (long)Math.Round(time.TotalHours);
        var (count, unit) = hours >= 48 && hours % 24 == 0 ? (hours / 24, "day") : (hours, "hour");
        return $"{Count(count)} {unit}{(count == 1 ? "" : "s")}";
    }

    /// <summary>A difference with its sign: <c>+0.43</c>, <c>−0.0012</c>. A true minus, as wide as the plus.</summary>
    public static string Difference(double value, int decimals)
    {
        var text = Math.Abs(value).ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return value < 0 ? $"−{text}" : $"+{text}";
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
