using System.Globalization;
using ExperimentHub.Protocol;

namespace ExperimentHub.Web.Runs;

/// <summary>The settings of a spec with their words, the same on every page that lists them.</summary>
internal static class SpecFacts
{
    public static IReadOnlyList<(string Name, string Value)> Of(TrainingSpec spec) =>
    [
        ("model", spec.Model.Kind),
        ("data set", spec.Dataset),
        ("epochs", Figures.Count(spec.Epochs)),
        ("batch size", Figures.Count(spec.BatchSize)),
        ("optimizer", spec.Optimizer.Kind),
        ("learning rate", Figures.Setting(spec.Optimizer.LearningRate)),
        ("momentum", spec.Optimizer.Momentum is { } momentum ? Figures.Setting(momentum) : Figures.None),
        ("seed", spec.Seed.ToString(CultureInfo.InvariantCulture)),
        ("device", spec.Device),
    ];
}
