using ExperimentHub.Protocol;
using ExperimentHub.Web.Edits;

namespace ExperimentHub.Web.Specs;

/// <summary>In which settings two specs differ, in the words of the pages that list them.</summary>
internal static class SpecDifferences
{
    /// <param name="withSeed">false where another seed is no other setting: each night has one.</param>
    public static IReadOnlyList<Difference> Of(TrainingSpec before, TrainingSpec after, bool withSeed = true)
    {
        var (old, now) = (SpecFacts.Of(before).ToDictionary(fact => fact.Name, fact => fact.Value), SpecFacts.Of(after)
            .ToDictionary(fact => fact.Name, fact => fact.Value));
        return
        [
            .. SpecFields.All.Where(field => withSeed || field != SpecFields.Seed).Select(SpecFacts.Name).Distinct()
                .Select(name => new Difference(name, old.GetValueOrDefault(name, ""), now.GetValueOrDefault(name, "")))
                .Where(one => one.Before != one.After),
        ];
    }

    /// <summary>As part of a sentence: "epochs 7 → 30, batch size 32 → 64".</summary>
    public static string Words(IReadOnlyList<Difference> differences)
    {
        const int Named = 3;
        var more = differences.Count > Named ? $" and {differences.Count - Named} more" : "";
        return string.Join(", ", differences.Take(Named).Select(one => $"{one.Name} {Shown(one.Before)} → {Shown(one.After)}")) + more;
    }

    private static string Shown(string text) => text.Length == 0 ? "nothing" : text;
}
