using System.Globalization;
using System.Text.RegularExpressions;
using ExperimentHub.Tracking.Names;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>Names for experiments that come from others: free ones, and short enough.</summary>
internal static partial class ExperimentNames
{
    /// <summary>"X copy", then "X copy 2".</summary>
    public static Task<string> CopyAsync(TrackingDb db, string name, CancellationToken cancellation) =>
        FirstFreeAsync(db, Numbers.Select(number => With(name, number == 1 ? " copy" : $" copy {number}")), cancellation);

    /// <summary>The name itself where it is free, else the next of its kind: after "X copy" comes "X copy 2", and after that "X copy 3".</summary>
    public static Task<string> NextAsync(TrackingDb db, string name, CancellationToken cancellation)
    {
        var match = Counted().Match(name);
        var (stem, from) = match.Success && int.TryParse(match.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (match.Groups[1].Value, number) : (name, 1);
        return FirstFreeAsync(db, Numbers.Select(step => With(stem, string.Create(CultureInfo.InvariantCulture, $" {from + step}"))).Prepend(name),
            cancellation);
    }

    /// <summary>The name itself where it is free, else "X (word)", then "X (word 2)".</summary>
    public static Task<string> FreeAsync(TrackingDb db, string name, string word, CancellationToken cancellation) =>
        FirstFreeAsync(db, Numbers.Select(number => With(name, number == 1 ? $" ({word})" : $" ({word} {number})")).Prepend(name), cancellation);

    [GeneratedRegex(@"\A(.*\bcopy) ([0-9]{1,6})\z")]
    private static partial Regex Counted();

    private static IEnumerable<int> Numbers => Enumerable.Range(1, int.MaxValue);

    private static async Task<string> FirstFreeAsync(TrackingDb db, IEnumerable<string> names, CancellationToken cancellation)
    {
        foreach (var name in names)
        {
            var key = NameRule.Key(name);
            if (!await db.Experiments.AnyAsync(e => e.NameKey == key, cancellation))
                return name;
        }

        throw new InvalidOperationException("Every name is taken.");
    }

    private static string With(string name, string ending) =>
        NameRule.Cut(name, Experiment.MaxNameLength - ending.Length) + ending;
}
