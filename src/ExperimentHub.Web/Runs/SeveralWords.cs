using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Runs;

/// <summary>Says what several runs would be that one form starts.</summary>
internal static class SeveralWords
{
    public static string Runs(int count) => count == 1 ? "1 run" : $"{Figures.Count(count)} runs";

    /// <summary>"12 runs: 2 learning rates × 6 seeds", or "10 of 12 runs: ..." where some cannot be trained.</summary>
    public static string Whole(SpecCombinations all) =>
        $"{(all.Impossible.Count == 0 ? "" : $"{Figures.Count(all.Possible.Count)} of ")}{Runs(all.Possible.Count + all.Impossible.Count)}: {Product(all.Varied)}";

    /// <summary>"2 learning rates × 3 seeds".</summary>
    public static string Product(IReadOnlyList<VariedField> varied) =>
        string.Join(" × ", varied.Select(one => $"{one.Values.Count} {one.Field.Plural}"));

    /// <summary>"lr=0.1 seed=3".</summary>
    public static string Values(IReadOnlyList<VariedField> varied, IReadOnlyList<string> values) =>
        string.Join(' ', varied.Zip(values).Select(one => $"{one.First.Field.NameInRuns}={one.Second}"));

    /// <summary>How long they will take here: "about 4 m 20 s here, 2 at a time".</summary>
    /// <param name="count">How many there are.</param>
    public static string Time(RunOutlook outlook, int count)
    {
        if (outlook.Lasting is not { } lasting)
            return "how long is not known: no run of this kind has been measured yet";
        var some = outlook.Unmeasured == 0
            ? "" : $" for {Figures.Count(count - outlook.Unmeasured)} of them, the others are of a kind that was never measured";
        return $"about {Figures.Duration(lasting.TotalSeconds)} here{some}{(outlook.AtOnce > 1 ? $", {outlook.AtOnce} at a time" : "")}";
    }

    /// <summary>Who trains before them; null where nobody does.</summary>
    public static string? Ahead(RunOutlook outlook) =>
        outlook.Ahead == 0 ? null : $"after {Runs(outlook.Ahead)} that {(outlook.Ahead == 1 ? "trains or waits" : "train or wait")} already";

    /// <summary>How many are there already; null where none is.</summary>
    public static string? Repeats(RunOutlook outlook, int count) => outlook.Repeats == 0 ? null
        : $"{(outlook.Repeats == count ? count == 1 ? "It repeats" : "Each repeats" : $"{Figures.Count(outlook.Repeats)} of them {(outlook.Repeats == 1 ? "repeats" : "repeat")}")} a run that is there (same settings, seed and data).";

    /// <summary>How many are left out; null where none is.</summary>
    public static string? LeftOut(SpecCombinations all) => all.Impossible.Count == 0 ? null
        : $"{Figures.Count(all.Impossible.Count)} of {Figures.Count(all.Impossible.Count + all.Possible.Count)} combinations cannot be trained and {(all.Impossible.Count == 1 ? "is" : "are")} left out.";
}
