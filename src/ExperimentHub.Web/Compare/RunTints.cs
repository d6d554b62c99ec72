using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Compare;

/// <summary>A run's colour in a comparison.</summary>
/// <param name="Line">One of the ten colours, where it is no place on the ramp.</param>
/// <param name="Ramp">0 to 1; null for <paramref name="Line"/>, and with <paramref name="Unknown"/>.</param>
/// <param name="Unknown">It has none of what the runs are coloured by, and is grey.</param>
public readonly record struct RunTint(RunLine Line, double? Ramp = null, bool Unknown = false);

/// <summary>The colours of compared runs, and what they mean.</summary>
/// <param name="By">What they stand for; null where each run has its own.</param>
/// <param name="Tints">One for each run.</param>
public sealed record RunTints(CompareVariable? By, IReadOnlyList<RunTint> Tints)
{
    public static RunTints Of(IReadOnlyList<Run> runs, CompareVariable? by) => new(by,
        by is null ? [.. RunColours.Together(runs).Select(line => new RunTint(line))]
        : by.Numbers is { } numbers ? Ramp(by, numbers)
        : [.. by.Texts.Select(text => text is null ? new RunTint(default, Unknown: true) : new RunTint(LineOf(by.Words.ToList().IndexOf(text))))]);

    /// <summary>The line of a word at its place among the words.</summary>
    public static RunLine LineOf(int place) => new(place % RunColours.Count, place / RunColours.Count % 3);

    private static IReadOnlyList<RunTint> Ramp(CompareVariable by, IReadOnlyList<double?> numbers)
    {
        var places = numbers.Select(number => number is { } value && by.IsLogarithmic ? Math.Log(value) : number).ToList();
        var (low, high) = (places.Min(), places.Max());
        return [.. places.Select(place => place is not { } value
            ? new RunTint(default, Unknown: true) : new RunTint(default, high == low ? 0.5 : (value - low) / (high - low)))];
    }
}
