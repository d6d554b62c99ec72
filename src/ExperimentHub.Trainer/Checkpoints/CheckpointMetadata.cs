using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Epochs;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// What the two files of a checkpoint say about themselves: the whole spec, where the training was, how good it was, and what its numbers depend on.
/// There is no time in it but that of an epoch that is not done: the same run on the same machine gives the same bytes.
/// </summary>
internal static class CheckpointMetadata
{
    /// <summary>What PyTorch's tools expect of a file with weights.</summary>
    public const string WeightsFormat = "pt";

    /// <summary>Of the weights after an epoch.</summary>
    public static Dictionary<string, string> OfWeights(StartTraining run, TrainingConditions conditions, EpochFinished epoch, EpochHistory history)
    {
        var metadata = Of(WeightsFormat, run, conditions, epoch.Epoch);
        Add(metadata, "trainLoss", epoch.TrainLoss);
        Add(metadata, "trainAccuracy", epoch.TrainAccuracy);
        Add(metadata, "validationLoss", epoch.ValidationLoss);
        Add(metadata, "validationAccuracy", epoch.ValidationAccuracy);
        Add(metadata, "testLoss", epoch.TestLoss);
        Add(metadata, "testAccuracy", epoch.TestAccuracy);
        AddBest(metadata, epoch.Epoch, history);
        return metadata;
    }

    /// <summary>Of the weights within an epoch, which nobody has evaluated.</summary>
    public static Dictionary<string, string> OfWeights(StartTraining run, TrainingConditions conditions, int epoch, EpochTally tally,
        EpochHistory history)
    {
        var metadata = Of(WeightsFormat, run, conditions, epoch);
        metadata[StateFormat.StepsDone] = Text(tally.Steps);
        AddBest(metadata, epoch, history);
        return metadata;
    }

    /// <param name="tally">Of the epoch under way; null at the end of an epoch.</param>
    public static Dictionary<string, string> OfState(StartTraining run, TrainingConditions conditions, int epoch, EpochTally? tally,
        EpochHistory history)
    {
        var metadata = Of(StateFormat.Name, run, conditions, epoch);
        metadata["version"] = StateFormat.Version;
        metadata[StateFormat.HistoryMetric] = Text(history.Values.Count);
        metadata[StateFormat.HistoryTrainLoss] = Text(history.TrainLosses.Count);
        metadata[StateFormat.HistorySha256] = history.Sha256;
        if (tally is not null)
        {
            metadata[StateFormat.StepsDone] = Text(tally.Steps);
            metadata[StateFormat.LossSum] = Text(tally.LossSum);
            metadata[StateFormat.Correct] = Text(tally.Correct);
            metadata[StateFormat.Seconds] = Text(tally.Seconds);
        }

        return metadata;
    }

    private static Dictionary<string, string> Of(string format, StartTraining run, TrainingConditions conditions, int epoch) => new()
    {
        ["format"] = format,
        ["spec"] = ProtocolJson.Write(run.Spec),
        ["seed"] = Text(run.Spec.Seed),
        ["runId"] = run.RunId,
        ["attempt"] = Text(run.Attempt),
        ["epoch"] = Text(epoch),
        ["device"] = conditions.Device,
        ["deviceName"] = conditions.DeviceName,
        ["threads"] = Text(conditions.Threads),
        ["datasetSha256"] = conditions.DatasetSha256,
        ["torchVersion"] = TrainingConditions.TorchVersion,
        ["torchSharpVersion"] = TrainingConditions.TorchSharpVersion,
        ["dotnetVersion"] = TrainingConditions.DotnetVersion,
        ["appVersion"] = conditions.AppVersion,
    };

    private static void AddBest(Dictionary<string, string> metadata, int epoch, EpochHistory history)
    {
        metadata["bestBy"] = history.Metric;
        if (history.Best is not { } best)
            return;
        metadata["bestEpoch"] = Text(epoch - best.Ago);
        Add(metadata, "bestValue", best.Value);
    }

    private static void Add(Dictionary<string, string> metadata, string key, double? value)
    {
        if (value is { } number)
            metadata[key] = Text(number);
    }

    // The shortest text that reads back as the same bits.
    private static string Text<T>(T number) where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}
