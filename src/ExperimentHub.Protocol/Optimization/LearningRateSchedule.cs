using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Optimization;

/// <summary>
/// How the learning rate changes from step to step, as a factor of the optimizer's. It counts steps, not epochs, so that it is the same for every way of
/// cutting a run into attempts.
/// </summary>
public sealed record LearningRateSchedule
{
    public const string Constant = "constant";

    /// <summary>Times <see cref="Gamma"/> after every <see cref="StepEpochs"/> epochs.</summary>
    public const string Step = "step";

    /// <summary>Half a cosine from 1 to <see cref="FinalFactor"/> over the whole run.</summary>
    public const string Cosine = "cosine";

    /// <summary>Up from 1/25 and down to 1/10,000 of the rate within the run, each half a cosine (Smith and Topin 2018; PyTorch's OneCycleLR).</summary>
    public const string OneCycle = "one-cycle";

    public static IReadOnlyList<string> Kinds { get; } = [Constant, Step, Cosine, OneCycle];

    public string Kind { get; init; } = Constant;

    /// <summary>The rate grows linearly from 0 over this many first epochs, fractions allowed; not with <see cref="OneCycle"/>, which has its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double WarmUpEpochs { get; init; }

    /// <summary>Of <see cref="Step"/>; null is 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? StepEpochs { get; init; }

    /// <summary>Of <see cref="Step"/>; null is 0.1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Gamma { get; init; }

    /// <summary>Of <see cref="Cosine"/>; null is 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? FinalFactor { get; init; }

    /// <summary>Of <see cref="OneCycle"/>: the part of the run in which the rate grows; null is 0.3.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RisingFraction { get; init; }
}
