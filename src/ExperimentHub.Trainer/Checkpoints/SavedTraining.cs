using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Epochs;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// Where an earlier attempt was, at the end of an epoch or within one, read from its two files. Both are compared with the run that goes on from
/// them, before anything is trained.
/// </summary>
internal sealed class SavedTraining
{
    private readonly SavedFile _weights;
    private readonly SavedFile _state;

    private SavedTraining(ResumePoint from, SavedFile weights, SavedFile state, TrainingSpec spec)
    {
        (Epoch, _weights, _state) = (from.Epoch, weights, state);
        Threads = int.TryParse(state.Said("threads"), NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads > 0
            ? threads
            : throw state.Refusal("its number of threads is not a number");
        (Device, DeviceName) = (state.Said("device"), state.Metadata.GetValueOrDefault("deviceName"));
        TorchVersion = RecordedTorch.Plain(state.Said("torchVersion"));
        Tally = from.StepsDone == 0 ? new EpochTally() : new EpochTally(from.StepsDone,
            state.Number<double>(StateFormat.LossSum), state.Number<long>(StateFormat.Correct), state.Number<double>(StateFormat.Seconds));
        var metric = BestMetrics.Of(spec);
        History = state.Said("version") switch
        {
            // The first version chose by test accuracy alone, and wrote that of the epoch beside its weights.
            StateFormat.Version1 => new EpochHistory(metric, metric == BestMetrics.TestAccuracy ? [weights.Number<double>("testAccuracy")] : [], []),
            StateFormat.Version2 => new EpochHistory(metric, Figures(StateFormat.HistoryMetric), Figures(StateFormat.HistoryTrainLoss)),
            _ => HistoryOf(metric, from.Figures),
        };
    }

    /// <summary>The last epoch that is done.</summary>
    public int Epoch { get; }

    /// <summary>What is done of the next one.</summary>
    public EpochTally Tally { get; }

    public EpochHistory History { get; }

    /// <summary>The threads that torch used; as many again keep the numbers bit-identical.</summary>
    public int Threads { get; }

    public string Device { get; }

    /// <summary>null where an early trainer did not write it.</summary>
    public string? DeviceName { get; }

    public string TorchVersion { get; }

    /// <returns>null where the run begins.</returns>
    public static SavedTraining? Read(StartTraining start, string datasetSha256)
    {
        if (start.Resume is not { } from)
            return null;
        var weights = ReadFile(start.ScratchFolder, from.CheckpointFile);
        var state = ReadFile(start.ScratchFolder, from.StateFile);
        weights.Expect("format", CheckpointMetadata.WeightsFormat);
        state.Expect("format", StateFormat.Name);
        if (state.Said("version") is not (StateFormat.Version1 or StateFormat.Version2))
            state.Expect("version", StateFormat.Version);
        foreach (var file in new[] { weights, state })
        {
            file.Expect("epoch", from.Epoch.ToString(CultureInfo.InvariantCulture));
            if (from.StepsDone != 0 || file.Metadata.ContainsKey(StateFormat.StepsDone))
                file.Expect(StateFormat.StepsDone, from.StepsDone.ToString(CultureInfo.InvariantCulture));
            if (file.Metadata.TryGetValue("datasetSha256", out var trainedOn) && trainedOn != datasetSha256)
                throw file.Refusal($"it was trained on other files of the data set {start.Spec.Dataset}");
            CompareSpec(file, start.Spec);
        }

        // Weights and optimizer state of two different trainings would train, but not as either of them.
        state.Expect("runId", weights.Said("runId"));
        state.Expect("attempt", weights.Said("attempt"));
        return new SavedTraining(from, weights, state, start.Spec);
    }

    /// <summary>Makes a freshly built network and its optimizer what they were.</summary>
    public void Restore(nn.Module<Tensor, Tensor> network, TrainingStep trainingStep)
    {
        using var scope = NewDisposeScope();
        _weights.Give([.. network.state_dict().Select(entry => (entry.Key, entry.Value))]);
        _state.Give([.. trainingStep.State], _state.Said("version") switch
        {
            StateFormat.Version1 => [StateFormat.Version1RandomState],
            StateFormat.Version2 => [StateFormat.HistoryMetric, StateFormat.HistoryTrainLoss],
            _ => [],
        });
    }

    /// <summary>The newest of the figures that the hub keeps, as many as the file names, and none but those that it was saved with.</summary>
    private EpochHistory HistoryOf(string metric, EpochFigures? kept)
    {
        var (values, losses) = (Newest(kept?.Values, StateFormat.HistoryMetric), Newest(kept?.TrainLosses, StateFormat.HistoryTrainLoss));
        var history = new EpochHistory(metric, values, losses);
        return history.Sha256 == _state.Said(StateFormat.HistorySha256)
            ? history
            : throw _state.Refusal("the results of its epochs that the hub keeps are not those that it was saved with");
    }

    private IEnumerable<double> Newest(IReadOnlyList<double>? kept, string name)
    {
        var count = _state.Number<int>(name);
        return kept?.Count >= count || count == 0
            ? kept?.TakeLast(count) ?? []
            : throw _state.Refusal($"it was saved with the results of {count} epochs, and the hub keeps {kept?.Count ?? 0}");
    }

    private double[] Figures(string name)
    {
        if (_state.Find(name) is not { } tensor)
            throw _state.Refusal($"the tensor '{name}' is missing");
        return tensor is { Dtype: "F64", Shape: [var epochs] } && epochs <= Epoch
            ? TensorBytes.Doubles(tensor)
            : throw _state.Refusal($"the tensor '{name}' does not hold one number for each epoch");
    }

    private static SavedFile ReadFile(string folder, string name) => CheckpointName.IsValid(name)
        ? SavedFile.Read(Path.Combine(folder, name), name, Refusal)
        : throw Refusal($"'{name}'", "this is not the name of a checkpoint", null);

    /// <summary>
    /// When a run ends and which of its checkpoints are kept may change while it is not running; everything else decides what the numbers in the file
    /// mean.
    /// </summary>
    private static void CompareSpec(SavedFile file, TrainingSpec spec)
    {
        var there = AsObject(file.Spec() with { Epochs = spec.Epochs, StopRules = spec.StopRules, Checkpoints = spec.Checkpoints });
        var here = AsObject(spec);
        foreach (var field in here.Concat(there).Select(field => field.Key))
        {
            if (!JsonNode.DeepEquals(there[field], here[field]))
                throw file.Refusal($"its spec is another one: {field} is {Text(there[field])} there and {Text(here[field])} in this run");
        }
    }

    private static JsonObject AsObject(TrainingSpec spec) => JsonSerializer.SerializeToNode(spec, ProtocolJson.Options)!.AsObject();

    private static string Text(JsonNode? value) => value?.ToJsonString(ProtocolJson.Options) ?? "not set";

    private static TrainingFailure Refusal(string file, string problem, Exception? cause) => new($"The run cannot go on from {file}: {problem}.",
        "Go on from an earlier checkpoint, or start the run again from the beginning.", cause);
}
