using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Models;

/// <summary>
/// Which network to train; <see cref="Kind"/> is a key of <see cref="ModelCatalog"/>. The other fields shape the kinds that can be shaped, and are refused
/// for those that cannot.
/// </summary>
public sealed record ModelSpec
{
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

    // Lists compare by what is in them, so that two specs that say the same are the same.
    public bool Equals(ModelSpec? other) =>
        other is not null && Kind == other.Kind && Activation == other.Activation && Dropout.Equals(other.Dropout) && BatchNorm == other.BatchNorm
        && Same(HiddenSizes, other.HiddenSizes) && Same(Layers, other.Layers);

    public override int GetHashCode() => HashCode.Combine(Kind, Activation, Dropout, BatchNorm, HiddenSizes?.Count, Layers?.Count);

    private static bool Same<T>(IReadOnlyList<T>? a, IReadOnlyList<T>? b) => a is null ? b is null : b is not null && a.SequenceEqual(b);
}
