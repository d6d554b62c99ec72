using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Optimization;

/// <summary>
/// How the learning rate changes from step to step, as a factor of the optimizer's. It is a function of the step's number alone, so that it is the
/// same for every way of cutting a run into attempts; <see cref="FactorAt"/> is what the trainer uses and the form draws.
/// </summary>
public sealed record LearningRateSchedule
{
    public const string Constant = "constant";

    /// <summary>Times <see cref="Gamma"/> after every <see cref="StepEpochs"/> epochs.</summary>
    public const string Step = "step";

    /// <summary>Half a cosine from 1 to <see cref="FinalFactor"/> over the whole run, after the warm-up.</summary>
    public const string Cosine = "cosine";

    /// <summary>
    /// Up from 1/25 to the rate and down to 1/250,000 of it within the run, each half a cosine (Smith and Topin 2018; PyTorch's OneCycleLR with a
    /// fixed momentum).
    /// </summary>
    public const string OneCycle = "one-cycle";

    public const double UsualGamma = 0.1;
    public const double UsualRisingFraction = 0.3;

    // PyTorch's div_factor and final_div_factor.
    private const double OneCycleStart = 1 / 25.0;
    private const double OneCycleEnd = OneCycleStart / 1e4;

    public static IReadOnlyList<string> Kinds { get; } = [Constant, Step, Cosine, OneCycle];

    public string Kind { get; init; } = Constant;

    /// <summary>The rate grows linearly over this many first epochs, fractions allowed; not with <see cref="OneCycle"/>, which has its own.</summary>
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

    [JsonIgnore]
    public bool DoesNothing => Kind == Constant && WarmUpEpochs == 0;

    /// <summary>Its factors are laid out over the whole run: a longer plan has other rates from the start.</summary>
    [JsonIgnore]
    public bool DependsOnLength => Kind is Cosine or OneCycle;

    /// <summary>What the rate of a step is multiplied by.</summary>
    /// <param name="step">Counts from 0 at the start of the run, over all epochs.</param>
    /// <param name="stepsPerEpoch">At least 1.</param>
    /// <param name="epochs">Planned for the whole run, at least 1.</param>
    public double FactorAt(long step, int stepsPerEpoch, int epochs)
    {
        var total = (long)stepsPerEpoch * epochs;
        if (Kind == OneCycle)
            return OneCycleAt(step, total);

        // The first step already moves, the last of the warm-up has the full rate.
        var warmUp = WarmUpEpochs * stepsPerEpoch;
        var rising = step + 1 < warmUp ? (step + 1) / warmUp : 1;
        return rising * Kind switch
        {
            Step => Math.Pow(Gamma ?? UsualGamma, Math.Floor((double)(step / stepsPerEpoch) / (StepEpochs ?? 1))),
            Cosine => HalfCosine(1, FinalFactor ?? 0, total > warmUp ? Math.Clamp((step - warmUp) / (total - warmUp), 0, 1) : 0),
            _ => 1,
        };
    }

    private double OneCycleAt(long step, long total)
    {
        var top = (RisingFraction ?? UsualRisingFraction) * total - 1;
        return step <= top ? HalfCosine(OneCycleStart, 1, top > 0 ? step / top : 1) : HalfCosine(1, OneCycleEnd,
            total - 1 > top ? (step - top) / (total - 1 - top) : 1);
    }

    private static double HalfCosine(double from, double to, double part) => to + (from - to) / 2 * (1 + Math.Cos(Math.PI * part));

    internal LearningRateSchedule? Tidied()
    {
        var tidied = this with
        {
            WarmUpEpochs = Kind == OneCycle ? 0 : WarmUpEpochs,
            StepEpochs = Kind == Step ? StepEpochs : null,
            Gamma = Kind == Step ? Gamma : null,
            FinalFactor = Kind == Cosine ? FinalFactor : null,
            RisingFraction = Kind == OneCycle ? RisingFraction : null,
        };
        return tidied.DoesNothing ? null : tidied;
    }

    internal void Check(ProblemList problems, int epochs)
    {
        if (!Kinds.Contains(Kind))
        {
            problems.Require(false, "learningRateSchedule.kind",
                $"'{Kind}' is not a schedule of the learning rate. Choose one of: {string.Join(", ", Kinds)}.");
            return;
        }

        problems.RequireUnset(Kind == OneCycle && WarmUpEpochs != 0, "learningRateSchedule.warmUpEpochs", Kind, $"{Constant}, {Step} and {Cosine}");
        problems.Require(WarmUpEpochs >= 0 && WarmUpEpochs <= epochs, "learningRateSchedule.warmUpEpochs",
            $"The warm-up must be from 0 to {epochs:N0} epochs (the whole run); {WarmUpEpochs} is not.");
        problems.RequireUnset(Kind != Step && StepEpochs is not null, "learningRateSchedule.stepEpochs", Kind, Step);
        problems.Require(StepEpochs is null or >= 1 and <= TrainingSpec.MaxEpochs, "learningRateSchedule.stepEpochs",
            $"The rate changes after every 1 to {TrainingSpec.MaxEpochs:N0} epochs; {StepEpochs:N0} is not in between.");
        problems.RequireUnset(Kind != Step && Gamma is not null, "learningRateSchedule.gamma", Kind, Step);
        problems.Require(Gamma is null or > 0 and <= 1, "learningRateSchedule.gamma", $"Gamma must be greater than 0 and at most 1; {Gamma} is not.");
        problems.RequireUnset(Kind != Cosine && FinalFactor is not null, "learningRateSchedule.finalFactor", Kind, Cosine);
        problems.Require(FinalFactor is null or >= 0 and <= 1, "learningRateSchedule.finalFactor",
            $"The final factor must be from 0 to 1; {FinalFactor} is not.");
        problems.RequireUnset(Kind != OneCycle && RisingFraction is not null, "learningRateSchedule.risingFraction", Kind, OneCycle);
        problems.Require(RisingFraction is null or > 0 and < 1, "learningRateSchedule.risingFraction",
            $"The rising part must be between 0 and 1; {RisingFraction} is not.");
    }
}
