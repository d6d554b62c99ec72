using System.Text.Json.Serialization;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Web.Edits;
using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Experiments;

/// <summary>An experiment's form as somebody typed it, right or wrong.</summary>
internal sealed record ExperimentTyped(string Name, string Description, SpecDraft Spec)
{
    public static ExperimentTyped Empty { get; } = new("", "", SpecDraft.Tutorial);

    public static ExperimentTyped Of(Experiment experiment) => new(experiment.Name, experiment.Description, SpecDraft.Of(experiment.DefaultSpec));

    /// <summary>Where somebody else has saved something else than is typed here, in the parts that were changed here.</summary>
    /// <param name="theirs">What is saved now.</param>
    /// <param name="begun">What was saved when this was begun.</param>
    public IReadOnlyList<Difference> DifferencesFrom(ExperimentTyped theirs, ExperimentTyped begun)
    {
        var differences = new List<Difference>();
        if (Name != begun.Name && theirs.Name != Name)
            differences.Add(new Difference("name", theirs.Name, Name));
        if (Description != begun.Description && theirs.Description != Description)
            differences.Add(new Difference("description", theirs.Description, Description, IsProse: true));
        if (Spec != begun.Spec)
            differences.AddRange(SpecDifferences.Of(theirs.Spec.Check().Spec, Spec.Check().Spec));
        return differences;
    }

    /// <summary>What was changed here, typed over theirs: what they changed elsewhere stays theirs.</summary>
    /// <inheritdoc cref="DifferencesFrom"/>
    public ExperimentTyped Over(ExperimentTyped theirs, ExperimentTyped begun) => new(
        Name == begun.Name ? theirs.Name : Name,
        Description == begun.Description ? theirs.Description : Description,
        Spec == begun.Spec ? theirs.Spec : Spec);
}

/// <summary>The form as the browser keeps it until it is saved.</summary>
/// <param name="Typed">As typed.</param>
/// <param name="Before">What it began from, with its version; null for a new experiment.</param>
internal sealed record KeptExperimentForm(KeptExperimentForm.Fields Typed, KeptExperimentForm.Fields? Before, int? Version)
{
    public static KeptExperimentForm Of(ExperimentTyped typed, ExperimentTyped? before, int? version) =>
        new(Fields.Of(typed), before is null ? null : Fields.Of(before), version);

    /// <param name="Spec">The fields that differ from the tutorial's, as an address has them.</param>
    internal sealed record Fields(string Name, string Description, Dictionary<string, string?> Spec)
    {
        [JsonIgnore]
        public ExperimentTyped Draft => new(Name, Description, SpecDraft.Tutorial.With(Spec));

        public static Fields Of(ExperimentTyped draft) => new(draft.Name, draft.Description,
            draft.Spec.Beyond(SpecDraft.Tutorial).Where(field => field.Value is not null)
                .ToDictionary(field => field.Key, field => field.Value?.ToString()));
    }
}
