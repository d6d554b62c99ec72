using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Compare;

/// <summary>Says what became of compared runs that diverged; the same on the page and in the report. Names follow.</summary>
internal static class SetAsideWords
{
    public static string Of(ComparedRuns compared)
    {
        var (chosen, diverged) = (compared.Chosen.Count, compared.Diverged.Count);
        return diverged == chosen ? diverged == 1
            ? "The only run diverged, and is shown all the same" : $"All {Figures.Count(chosen)} runs diverged, and are shown all the same"
            : compared.SetsAside ? CountedWords.Of(chosen, 0, diverged)[0].TrimEnd('.')
            : $"{Figures.Count(chosen)} runs, {Figures.Count(diverged)} of them diverged; counted like the others";
    }
}
