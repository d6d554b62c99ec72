using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Optimization;

namespace ExperimentHub.Web.Specs;

/// <summary>
/// A spec as a person has typed it, as text by field: nothing is lost by being wrong, <c>1e-3</c> stays <c>1e-3</c>, and what belongs to another kind
/// of model or optimizer waits until that is chosen again.
/// </summary>
public sealed class SpecDraft : IEquatable<SpecDraft>
{
    // Only fields that are not empty, by path.
    private readonly ImmutableSortedDictionary<string, string> _texts;

    private SpecDraft(ImmutableSortedDictionary<string, string> texts) => _texts = texts;

    /// <summary>The tutorial's values.</summary>
    public static SpecDraft Tutorial { get; } = Of(new TrainingSpec());

    /// <summary>As typed; empty where nothing is.</summary>
    public string this[SpecField field] => _texts.GetValueOrDefault(field.Path, "");

    public static SpecDraft Of(TrainingSpec spec)
    {
        var json = JsonSerializer.SerializeToNode(spec, ProtocolJson.Options)!;
        return SpecFields.All.Aggregate(new SpecDraft(ImmutableSortedDictionary<string, string>.Empty),
            (draft, field) =>
                draft.With(field, SpecTexts.Write(field, field.Path.Split('.').Aggregate((JsonNode?)json, (node, name) => node?[name]))));
    }

    public SpecDraft With(SpecField field, string text)
    {
        var changed = new SpecDraft(text.Length == 0 ? _texts.Remove(field.Path) : _texts.SetItem(field.Path, text));
        // A rate that nobody chose follows the optimizer: SGD's usual one is ten times too much for the others.
        return field == SpecFields.Optimizer && this[SpecFields.LearningRate] == UsualRate(this[field])
            ? changed.With(SpecFields.LearningRate, UsualRate(text)) : changed;
    }

    /// <summary>What an address brings, laid over this draft; what is missing keeps its value, and a dash empties it.</summary>
    public SpecDraft With(IReadOnlyDictionary<string, string?> values) =>
        SpecFields.All.Aggregate(this, (draft, field) =>
            values.GetValueOrDefault(field.Name) is { Length: > 0 } text ? draft.WithOnly(field, text == "-" ? "" : text) : draft);

    /// <summary>The fields that differ from another draft, for the address; null removes one.</summary>
    public IReadOnlyDictionary<string, object?> Beyond(SpecDraft other) =>
        SpecFields.All.ToDictionary(field => field.Name,
            field => (object?)(this[field] == other[field] ? null : this[field].Length == 0 ? "-" : this[field]));

    /// <summary>Reads the text; what cannot be read or accepted is a problem of its field, and the first problem of a field counts.</summary>
    /// <param name="data">The data set that is chosen, where it is known.</param>
    public CheckedSpec Check(DatasetInfo? data = null)
    {
        var problems = new Dictionary<string, string>(StringComparer.Ordinal);
        var json = new JsonObject();
        foreach (var field in SpecFields.All.Where(field => field.Applies(this)))
        {
            var read = SpecTexts.Read(field, this[field]);
            foreach (var (path, message) in read.Problems)
                problems.TryAdd(path, message);
            if (read.Value is not null)
                Put(json, field.Path.Split('.'), read.Value);
        }

        var spec = json.Deserialize<TrainingSpec>(ProtocolJson.Options)!.Tidied();
        foreach (var problem in spec.Validate(data ?? DatasetCatalog.Find(spec.Dataset)))
            problems.TryAdd(problem.Field, problem.Message);
        return new CheckedSpec(spec, problems);
    }

    public bool Equals(SpecDraft? other) => other is not null && _texts.SequenceEqual(other._texts);

    public override bool Equals(object? obj) => Equals(obj as SpecDraft);

    public override int GetHashCode() => _texts.Count;

    public static bool operator ==(SpecDraft? a, SpecDraft? b) => a is null ? b is null : a.Equals(b);

    public static bool operator !=(SpecDraft? a, SpecDraft? b) => !(a == b);

    private SpecDraft WithOnly(SpecField field, string text) => new(text.Length == 0 ? _texts.Remove(field.Path) : _texts.SetItem(field.Path, text));

    private static string UsualRate(string optimizer) => optimizer is OptimizerSpec.Sgd or "" ? "0.01" : "0.001";

    private static void Put(JsonObject json, ReadOnlySpan<string> path, JsonNode value)
    {
        for (; path.Length > 1; path = path[1..])
        {
            if (json[path[0]] is not JsonObject inner)
                json[path[0]] = inner = [];
            json = inner;
        }

        json[path[0]] = value;
    }
}

/// <summary>A draft of a spec that was read.</summary>
/// <param name="Spec">Complete; where a field has a problem, another value stands in for it.</param>
/// <param name="Problems">Message by field of the spec; empty when it can be trained.</param>
public sealed record CheckedSpec(TrainingSpec Spec, IReadOnlyDictionary<string, string> Problems)
{
    public bool IsValid => Problems.Count == 0;

    public string? Problem(string field) => Problems.GetValueOrDefault(field);

    /// <summary>The first problem of a field or of a part of it, such as one entry of a list.</summary>
    public string? ProblemWithin(string field) => Problem(field)
        ?? Problems.Where(problem => problem.Key.StartsWith(field, StringComparison.Ordinal) && problem.Key[field.Length] is '[' or '.')
            .Select(problem => problem.Value).FirstOrDefault();
}
