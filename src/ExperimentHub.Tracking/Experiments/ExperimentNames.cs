using ExperimentHub.Tracking.Names;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>Names for experiments that come from others: free ones, and short enough.</summary>
internal static class ExperimentNames
{
    /// <summary>"X copy", then "X copy 2".</summary>
    public static Task<string> CopyAsync(TrackingDb db, string name, CancellationToken cancellation) =>
        FirstFreeAsync(db, Numbers.Select(number => With(name, number == 1 ? " copy" : $" copy {number}")), cancellation);

    /// <summary>The name itself where it is free, else "X (word)", then "X (word 2)".</summary>
    public static Task<string> FreeAsync(TrackingDb db, string name, string word, CancellationToken cancellation) =>
        FirstFreeAsync(db, Numbers.Select(number => With(name, number == 1 ? $" ({word})" : $" ({word} {number})")).Prepend(name), cancellation);

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
