using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Web.Checkpoints;

/// <summary>What a policy keeps, in words.</summary>
internal static class PolicyWords
{
    /// <summary>Goes on after "kept are": "every 100th epoch's, the best one's and the last 5".</summary>
    public static string Of(CheckpointPolicy? policy)
    {
        if (policy is null or { Every: 1 })
            return "one of each epoch";
        List<string> kept = [];
        if (policy.Every > 1)
            kept.Add($"every {Figures.Count(policy.Every)}{Ending(policy.Every)} epoch's");
        if (policy.Best)
            kept.Add("the best epoch's");
        kept.Add(policy.Last is > 1 and { } last ? $"the last {Figures.Count(last)}" : "the last one");
        return kept.Count == 1 ? kept[0] : $"{string.Join(", ", kept.SkipLast(1))} and {kept[^1]}";
    }

    private static string Ending(int number) =>
        (number % 100) is >= 11 and <= 13 ? "th" : (number % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" };
}
