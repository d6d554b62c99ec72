using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Runs;

/// <summary>The epoch that figures are of, in the same words on every page and in every address.</summary>
public static class EpochWords
{
    /// <summary>The parameter of an address.</summary>
    public const string Parameter = "at";

    private const string Last = "last";

    /// <summary>What is no word of ours is the best epoch.</summary>
    public static FigureEpoch Read(string? text) => text == Last ? FigureEpoch.Last : FigureEpoch.Best;

    /// <summary>As it stands in an address; null for the usual one.</summary>
    public static string? Text(FigureEpoch at) => at == FigureEpoch.Last ? Last : null;

    public static string Of(FigureEpoch at) => at == FigureEpoch.Last ? "last epoch" : "best epoch";

    /// <summary>For a person who wonders.</summary>
    public static string Meaning(FigureEpoch at) =>
        at == FigureEpoch.Last ? "Of the newest finished epoch of each run" : "Of the best epoch of each run, by the metric that decides for it";
}
