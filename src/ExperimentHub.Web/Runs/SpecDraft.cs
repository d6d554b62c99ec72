using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;

namespace ExperimentHub.Web.Runs;

/// <summary>
/// A spec as a person has typed it, as text: nothing is lost by being wrong, and <c>1e-3</c> stays <c>1e-3</c>. Each field's name is its
/// name in the address.
/// </summary>
public sealed record SpecDraft
{
    public string Dataset { get; init; } = "";
    public string Model { get; init; } = "";
    public string Epochs { get; init; } = "";
    public string BatchSize { get; init; } = "";
    public string LearningRate { get; init; } = "";
    public string Momentum { get; init; } = "";
    public string Seed { get; init; } = "";
    public string Device { get; init; } = "";

    /// <summary>The tutorial's values.</summary>
    public static SpecDraft Tutorial { get; } = Of(new TrainingSpec());

    public static SpecDraft Of(TrainingSpec spec) => new()
    {
        Dataset = spec.Dataset,
        Model = spec.Model.Kind,
        Epochs = spec.Epochs.ToString(CultureInfo.InvariantCulture),
        BatchSize = spec.BatchSize.ToString(CultureInfo.InvariantCulture),
        LearningRate = Figures.Setting(spec.Optimizer.LearningRate),
        Momentum = spec.Optimizer.Momentum is { } momentum ? Figures.Setting(momentum) : "",
        Seed = spec.Seed.ToString(CultureInfo.InvariantCulture),
        Device = spec.Device,
    };

    /// <summary>What an address brings, laid over another draft; what is missing or empty keeps its value.</summary>
    public SpecDraft With(IReadOnlyDictionary<string, string?> values)
    {
        string Value(string field, string otherwise) => values.GetValueOrDefault(field) is { Length: > 0 } text ? text : otherwise;
        return new SpecDraft
        {
            Dataset = Value("dataset", Dataset),
            Model = Value("model", Model),
            Epochs = Value("epochs", Epochs),
            BatchSize = Value("batchSize", BatchSize),
            LearningRate = Value("learningRate", LearningRate),
            Momentum = Value("momentum", Momentum),
            Seed = Value("seed", Seed),
            Device = Value("device", Device),
        };
    }

    /// <summary>The fields that differ from another draft, for the address; null removes one.</summary>
    public IReadOnlyDictionary<string, object?> Beyond(SpecDraft other)
    {
        static object? Value(string own, string others) => own == others || own.Length == 0 ? null : own;
        return new Dictionary<string, object?>
        {
            ["dataset"] = Value(Dataset, other.Dataset),
            ["model"] = Value(Model, other.Model),
            ["epochs"] = Value(Epochs, other.Epochs),
            ["batchSize"] = Value(BatchSize, other.BatchSize),
            ["learningRate"] = Value(LearningRate, other.LearningRate),
            ["momentum"] = Value(Momentum, other.Momentum),
            ["seed"] = Value(Seed, other.Seed),
            ["device"] = Value(Device, other.Device),
        };
    }

    /// <summary>Reads the text; what cannot be read or accepted is a problem of its field, and the first problem of a field counts.</summary>
    /// <param name="dataset">The data set that is chosen, where it is not one of the catalog.</param>
    public CheckedSpec Check(DatasetInfo? dataset = null)
    {
        var problems = new Dictionary<string, string>(StringComparer.Ordinal);
        var usual = new TrainingSpec();
        var spec = usual with
        {
            Dataset = Dataset,
            Model = new ModelSpec { Kind = Model },
            Epochs = (int)Whole("epochs", Epochs, int.MaxValue, usual.Epochs),
            BatchSize = (int)Whole("batchSize", BatchSize, int.MaxValue, usual.BatchSize),
            Optimizer = usual.Optimizer with
            {
                LearningRate = Number("optimizer.learningRate", LearningRate, usual.Optimizer.LearningRate),
                Momentum = Number("optimizer.momentum", Momentum, usual.Optimizer.Momentum!.Value),
            },
            Seed = Whole("seed", Seed, long.MaxValue, usual.Seed),
            Device = Device,
        };
        foreach (var problem in spec.Validate(dataset))
            problems.TryAdd(problem.Field, problem.Message);
        return new CheckedSpec(spec, problems);

        long Whole(string field, string text, long max, long otherwise)
        {
            if (long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value <= max && value >= -max)
                return value;
            problems[field] = text.Trim().Length == 0 ? "A whole number is needed here." : $"A whole number is needed here; '{Shown(text)}' is not one.";
            return otherwise;
        }

        double Number(string field, string text, double otherwise)
        {
            if (double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
                return value;
            problems[field] = text.Trim().Length == 0 ? "A number such as 0.01 or 1e-3 is needed here."
                : $"A number such as 0.01 or 1e-3 is needed here; '{Shown(text)}' is not one.{(text.Contains(',', StringComparison.Ordinal) ? " Write a point for the decimals." : "")}";
            return otherwise;
        }
    }

    private static string Shown(string text) => text.Length <= 20 ? text : $"{text[..20]}…";
}

/// <summary>A draft of a spec that was read.</summary>
/// <param name="Spec">Complete; where a field has a problem, another value stands in for it.</param>
/// <param name="Problems">Message by field of the spec; empty when it can be trained.</param>
public sealed record CheckedSpec(TrainingSpec Spec, IReadOnlyDictionary<string, string> Problems)
{
    public bool IsValid => Problems.Count == 0;

    public string? Problem(string field) => Problems.GetValueOrDefault(field);
}
