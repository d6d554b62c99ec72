using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Optimization;

/// <summary>
/// How the weights are updated, with PyTorch's meaning of each number. Fields that an optimizer does not have are refused when set.
/// </summary>
public sealed record OptimizerSpec
{
    public const string Sgd = "sgd";
    public const string Adam = "adam";
    public const string AdamW = "adamw";
    public const string RmsProp = "rmsprop";

    public const double MaxLearningRate = 100;
    public const double UsualMomentum = 0.9;
    public const double UsualBeta1 = 0.9;
    public const double UsualBeta2 = 0.999;
    public const double UsualEpsilon = 1e-8;
    public const double UsualAlpha = 0.99;

    private const string Adams = "adam and adamw";

    public static IReadOnlyList<string> Kinds { get; } = [Sgd, Adam, AdamW, RmsProp];

    public string Kind { get; init; } = Sgd;

    /// <summary>The greatest rate; a <see cref="LearningRateSchedule"/> scales it.</summary>
    public double LearningRate { get; init; } = 0.01;

    // null is the usual one, so that another kind has none without anybody taking it away.
    private readonly double? _momentum;

    /// <summary>Of SGD, 0.9 unless set. The other optimizers have none: null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Momentum
    {
        get => _momentum ?? (Kind == Sgd ? UsualMomentum : null);
        init => _momentum = value == UsualMomentum ? null : value;
    }

    /// <summary>Of SGD: look ahead along the momentum; needs a momentum above 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Nesterov { get; init; }

    /// <summary>L2 penalty added to the gradient, after clipping; with AdamW the weights shrink by it directly.</summary>
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

    /// <summary>Numbers that are kept for each parameter from step to step.</summary>
    [JsonIgnore]
    public int StatesPerParameter => Kind switch
    {
        Adam or AdamW => 2,
        RmsProp => 1,
        _ => Momentum > 0 ? 1 : 0,
    };

    private bool IsAdam => Kind is Adam or AdamW;

    internal OptimizerSpec Tidied() => this with
    {
        Momentum = Kind == Sgd ? Momentum : null,
        Nesterov = Kind == Sgd && Nesterov,
        Beta1 = IsAdam ? Beta1 : null,
        Beta2 = IsAdam ? Beta2 : null,
        Epsilon = Kind == Sgd ? null : Epsilon,
        Alpha = Kind == RmsProp ? Alpha : null,
    };

    internal void Check(ProblemList problems)
    {
        if (!Kinds.Contains(Kind))
        {
            problems.Require(false, "optimizer.kind", $"'{Kind}' is not an optimizer. Choose one of: {string.Join(", ", Kinds)}.");
            return;
        }

        problems.Require(LearningRate is > 0 and <= MaxLearningRate, "optimizer.learningRate",
            $"The learning rate must be greater than 0 and at most {MaxLearningRate}; {LearningRate} is not.");
        problems.RequireUnset(Kind != Sgd && Momentum is not null, "optimizer.momentum", Kind, Sgd);
        problems.Require(Kind != Sgd || Momentum is >= 0 and < 1, "optimizer.momentum",
            $"The momentum must be at least 0 and less than 1; {Momentum} is not.");
        problems.RequireUnset(Kind != Sgd && Nesterov, "optimizer.nesterov", Kind, Sgd);
        problems.Require(Kind != Sgd || !Nesterov || Momentum > 0, "optimizer.nesterov",
            $"Nesterov looks ahead along the momentum, so it needs a momentum above 0; {Momentum} is not.");
        problems.Require(WeightDecay is >= 0 and < 1, "optimizer.weightDecay",
            $"The weight decay must be at least 0 and less than 1; {WeightDecay} is not.");
        problems.RequireUnset(!IsAdam && Beta1 is not null, "optimizer.beta1", Kind, Adams);
        problems.Require(Beta1 is null or >= 0 and < 1, "optimizer.beta1", $"Beta 1 must be at least 0 and less than 1; {Beta1} is not.");
        problems.RequireUnset(!IsAdam && Beta2 is not null, "optimizer.beta2", Kind, Adams);
        problems.Require(Beta2 is null or >= 0 and < 1, "optimizer.beta2", $"Beta 2 must be at least 0 and less than 1; {Beta2} is not.");
        problems.RequireUnset(Kind == Sgd && Epsilon is not null, "optimizer.epsilon", Kind, $"{Adams} and {RmsProp}");
        problems.Require(Epsilon is null or > 0 and <= 1, "optimizer.epsilon", $"Epsilon must be greater than 0 and at most 1; {Epsilon} is not.");
        problems.RequireUnset(Kind != RmsProp && Alpha is not null, "optimizer.alpha", Kind, RmsProp);
        problems.Require(Alpha is null or >= 0 and < 1, "optimizer.alpha", $"Alpha must be at least 0 and less than 1; {Alpha} is not.");
        problems.Require(ClipNorm is null or > 0 && double.IsFinite(ClipNorm ?? 1), "optimizer.clipNorm",
            $"The greatest norm must be a number above 0; {ClipNorm} is not.");
    }
}
