using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Specs;

/// <summary>The settings of a spec with their words, the same on every page that lists them. What it does not use is left out.</summary>
internal static class SpecFacts
{
    /// <summary>Of a run without a spec its parameters.</summary>
    public static IReadOnlyList<(string Name, string Value)> Of(Run run) =>
        run.Training is { } training ? Of(training.Spec) : [.. run.Params.Select(param => (param.Param.Name, param.Text))];

    public static IReadOnlyList<(string Name, string Value)> Of(TrainingSpec spec)
    {
        var draft = SpecDraft.Of(spec);
        return [.. SpecFields.All.Where(field => field.Applies(draft) && draft[field].Length > 0)
            .Select(field => (Name(field), Value(field, draft[field], spec)))];
    }

    /// <summary>The label inside a sentence; abbreviations stay as they are.</summary>
    public static string Name(SpecField field) => char.ToLower(field.Label[0], CultureInfo.InvariantCulture) + field.Label[1..];

    private static string Value(SpecField field, string text, TrainingSpec spec) => field.Kind switch
    {
        SpecFieldKind.Whole when field != SpecFields.Seed
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => Figures.Count(whole),
        SpecFieldKind.Flag => text == "true" ? SpecField.On : SpecField.Off,
        SpecFieldKind.Layers => string.Join(" → ", (spec.Model.Layers ?? []).Select(LayerWords.Of)),
        _ => text,
    };
}
