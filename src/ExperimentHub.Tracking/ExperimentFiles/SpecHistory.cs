using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Names;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>
/// Judges a spec that was trained elsewhere. It is history, so it need not be one that this hub would train today; it must be one that this hub can
/// read and show: words that it knows, numbers that are numbers.
/// </summary>
internal static class SpecHistory
{
    /// <returns>null where it can be kept.</returns>
    public static string? Problem(TrainingSpec spec)
    {
        if (spec.Version is < 1 or > TrainingSpec.CurrentVersion)
            return $"its spec has version {spec.Version}, and this hub knows up to {TrainingSpec.CurrentVersion}";
        if (spec.Epochs < 1 || spec.BatchSize < 1 || !double.IsFinite(spec.Optimizer.LearningRate))
            return "its spec's epochs, batch size or learning rate is no such number";
        if (spec.Epochs > TrainingSpec.MaxEpochs || spec.Dataset.Length > Limits.DatasetName
            || spec.Model.Layers is { Count: > ModelOutline.MaxLayers }
            || spec.Model.HiddenSizes is { Count: > ModelOutline.MaxLayers })
            return "its spec has more epochs, layers or letters than a spec may have";
        return Unknown("model", spec.Model.Kind, ModelCatalog.All.Select(model => model.Kind))
            ?? Unknown("activation", spec.Model.Activation, Activations.All)
            ?? (spec.Model.Layers ?? []).OfType<ActivationLayer>().Select(layer => Unknown("activation", layer.Function, Activations.All))
                .FirstOrDefault(problem => problem is not null)
            ?? Unknown("optimizer", spec.Optimizer.Kind, OptimizerSpec.Kinds)
            ?? Unknown("learning rate schedule", spec.LearningRateSchedule?.Kind, LearningRateSchedule.Kinds)
            ?? Unknown("precision", spec.Precision, Precisions.All)
            ?? Unknown("metric that decides which epoch is best", spec.BestBy, BestMetrics.All)
            ?? (DeviceRequest.TryParse(spec.Device, out _) ? null : $"its spec asks for the device '{Words.Short(spec.Device)}', which is none");
    }

    private static string? Unknown(string what, string? word, IEnumerable<string> known) =>
        word is null || known.Contains(word) ? null : $"its spec's {what} is '{Words.Short(word)}', which this hub does not know";
}
