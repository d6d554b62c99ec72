using System.Text.Json.Serialization;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Protocol.Models;

/// <summary>
/// Which network to train; <see cref="Kind"/> is a key of <see cref="ModelCatalog"/>. The other fields shape the kinds that can be shaped, and are
/// refused for those that cannot.
/// </summary>
public sealed record ModelSpec
{
    private const int MaxHiddenLayers = 32;

    public string Kind { get; init; } = ModelCatalog.SimpleNn;

    /// <summary>Of <c>mlp</c>: the widths of the hidden layers, input first. null is the catalog's default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? HiddenSizes { get; init; }

    /// <summary>Of <c>mlp</c>: one of <see cref="Activations"/>; null is ReLU.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Activation { get; init; }

    /// <summary>Of <c>mlp</c>: probability of dropout after each hidden layer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double Dropout { get; init; }

    /// <summary>Of <c>mlp</c>: batch normalisation between each hidden layer and its activation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool BatchNorm { get; init; }

    /// <summary>Of <c>layers</c>: the network, from image to class scores.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Layer>? Layers { get; init; }

    internal ModelSpec Tidied() => new()
    {
        Kind = Kind,
        HiddenSizes = Kind == ModelCatalog.Mlp ? HiddenSizes : null,
        Activation = Kind == ModelCatalog.Mlp ? Activation : null,
        Dropout = Kind == ModelCatalog.Mlp ? Dropout : 0,
        BatchNorm = Kind == ModelCatalog.Mlp && BatchNorm,
        Layers = Kind == ModelCatalog.Layers ? Layers : null,
    };

    /// <returns>The network, where the fields can be read as one.</returns>
    internal ModelOutline? Check(ProblemList problems, ImageShape shape)
    {
        var before = problems.Problems.Count;
        problems.Require(ModelCatalog.Find(Kind) is not null, "model.kind",
            $"'{Kind}' is not a model. Choose one of: {string.Join(", ", ModelCatalog.All.Select(m => m.Kind))}.");
        if (problems.Problems.Count > before)
            return null;

        var isMlp = Kind == ModelCatalog.Mlp;
        problems.RequireUnset(!isMlp && HiddenSizes is not null, "model.hiddenSizes", Kind, ModelCatalog.Mlp);
        problems.RequireUnset(!isMlp && Activation is not null, "model.activation", Kind, ModelCatalog.Mlp);
        problems.RequireUnset(!isMlp && Dropout != 0, "model.dropout", Kind, ModelCatalog.Mlp);
        problems.RequireUnset(!isMlp && BatchNorm, "model.batchNorm", Kind, ModelCatalog.Mlp);
        problems.RequireUnset(Kind != ModelCatalog.Layers && Layers is not null, "model.layers", Kind, ModelCatalog.Layers);
        problems.Require(HiddenSizes is null or { Count: >= 1 and <= MaxHiddenLayers }, "model.hiddenSizes",
            $"An MLP has 1 to {MaxHiddenLayers} hidden layers; {HiddenSizes?.Count:N0} is not in between.");
        foreach (var (index, size) in (HiddenSizes ?? []).Index())
            problems.Require(size is >= 1 and <= LayerRules.MaxWidth, $"model.hiddenSizes[{index}]",
                $"A hidden layer has 1 to {LayerRules.MaxWidth:N0} outputs; {size:N0} is not in between.");
        problems.Require(Activation is null || Activations.All.Contains(Activation), "model.activation",
            $"'{Activation}' is not an activation. Choose one of: {string.Join(", ", Activations.All)}.");
        problems.Require(Dropout is >= 0 and < 1, "model.dropout", $"A probability of dropout is at least 0 and less than 1; {Dropout} is not.");
        problems.Require(Kind != ModelCatalog.Layers || Layers is { Count: > 0 }, "model.layers",
            $"The network has no layers yet. Add at least a flatten and a linear layer.");
        if (problems.Problems.Count > before)
            return null;

        var outline = ModelOutline.Of(this, shape);
        problems.Problems.AddRange(outline.Problems);
        return outline.IsPossible ? outline : null;
    }

    // Lists compare by what is in them, so that two specs that say the same are the same.
    public bool Equals(ModelSpec? other) =>
        other is not null && Kind == other.Kind && Activation == other.Activation && Dropout.Equals(other.Dropout) && BatchNorm == other.BatchNorm
        && Same(HiddenSizes, other.HiddenSizes) && Same(Layers, other.Layers);

    public override int GetHashCode() => HashCode.Combine(Kind, Activation, Dropout, BatchNorm, HiddenSizes?.Count, Layers?.Count);

    private static bool Same<T>(IReadOnlyList<T>? a, IReadOnlyList<T>? b) => a is null ? b is null : b is not null && a.SequenceEqual(b);
}
