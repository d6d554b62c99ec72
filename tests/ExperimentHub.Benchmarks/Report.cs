using System.Globalization;
using System.Runtime.InteropServices;

namespace ExperimentHub.Benchmarks;

/// <summary>One line of the table at the end. A row without samples says why it was not measured.</summary>
/// <param name="Samples">One value per round, in the order measured.</param>
/// <param name="Goal">What was wanted, where something was.</param>
internal sealed record Row(string What, string Unit, IReadOnlyList<double> Samples, string? NotRun = null, string? Goal = null)
{
    public double Median => Samples.Quantile(0.5);
    public double Low => Samples.Min();
    public double High => Samples.Max();
}

internal static class Report
{
    public static double Quantile(this IReadOnlyList<double> samples, double q)
    {
        var sorted = samples.Order().ToList();
        var position = q * (sorted.Count - 1);
        var below = (int)position;
        return below + 1 < sorted.Count ? sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }

    public static void Print(IReadOnlyList<Row> rows)
    {
        Console.WriteLine();
        Console.WriteLine(
            $"{DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, .NET {Environment.Version}");
        Console.WriteLine();
        Console.WriteLine("| what | median | min | max | unit | goal |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var row in rows)
            Console.WriteLine(row.NotRun is { } why
                ? $"| {row.What} | not run: {why} | | | | {row.Goal} |"
                : string.Create(CultureInfo.InvariantCulture,
                    $"| {row.What} | {row.Median:0.###} | {row.Low:0.###} | {row.High:0.###} | {row.Unit} | {row.Goal} |"));
    }
}
