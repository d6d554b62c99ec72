using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Optimization;

/// <summary>How the weights are updated. Fields that an optimizer does not have are refused when they differ from their default.</summary>
public sealed record OptimizerSpec
{
    public const string Sgd = "sgd";
    public const string Adam = "adam";
    public const string AdamW = "adamw";
    public const string RmsProp = "rmsprop";

    public const double MaxLearningRate = 100;

    public static IReadOnlyList<string> Kinds { get; } = [Sgd, Adam, AdamW, RmsProp];

    public string Kind { get; init; } = Sgd;

    /// <summary>The greatest rate; a <see cref="LearningRateSchedule"/> scales it.</summary>
    public double LearningRate { get; init; } = 0.01;

    /// <summary>Of SGD; null is 0.9. The other optimizers have none, and a spec in use says null there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Momentum { get; init; } = 0.9;

    /// <summary>Of SGD: look ahead along the momentum; needs a momentum above 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Nesterov { get; init; }

    /// <summary>L2 penalty added to the gradient; with AdamW the weights shrink by it directly.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double WeightDecay { get; init; }

    /// <summary>Of the Adams; null is PyTorch's 0.9.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Beta1 { get; init; }

    /// <summary>Of the Adams; null is PyTorch's 0.999.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Beta2 { get; init; }

    /// <summary>Of the Adams and RMSprop, against division by zero; null is PyTorch's 1e-8.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Epsilon { get; init; }

    /// <summary>Of RMSprop, the weight of the past squares; null is PyTorch's 0.99.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Alpha { get; init; }

    /// <summary>Gradients with a greater norm over all parameters are scaled down to it; null lets them be.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ClipNorm { get; init; }
}
