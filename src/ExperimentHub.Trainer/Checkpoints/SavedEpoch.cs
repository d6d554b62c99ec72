using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// The end of an epoch of an earlier attempt, read from its two files. Whatever they claim is compared with the run that goes on from them; a
/// file that does not fit is refused with a <see cref="TrainingFailure"/> that names it and says why, before anything is trained.
/// </summary>
internal sealed class SavedEpoch
{
    private const string WeightsFormat = "pt";

    private readonly ResumePoint _from;
    private readonly SafetensorsContent _weights;
    private readonly SafetensorsContent _state;

    private SavedEpoch(ResumePoint from, SafetensorsContent weights, SafetensorsContent state)
    {
        (_from, _weights, _state) = (from, weights, state);
        Threads = int.TryParse(Said(from.StateFile, state, "threads"), NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads > 0
            ? threads
            : throw Refusal(from.StateFile, "its number of threads is not a number");
        Device = Said(from.StateFile, state, "device");
        TorchVersion = Said(from.StateFile, state, "torchVersion");
    }

    public int Epoch => _from.Epoch;

    /// <summary>The threads that torch used; as many again keep the numbers bit-identical.</summary>
    public int Threads { get; }

    public string Device { get; }

    public string TorchVersion { get; }

    /// <returns>null where the run starts with fresh weights.</returns>
    public static SavedEpoch? Read(StartTraining start)
    {
        if (start.Resume is not { } from)
            return null;
        var weights = ReadFile(start.CheckpointFolder, from.CheckpointFile);
        var state = ReadFile(start.CheckpointFolder, from.StateFile);
        Compare(from.CheckpointFile, weights, "format", WeightsFormat);
        Compare(from.StateFile, state, "format", StateFormat.Name);
        Compare(from.StateFile, state, "version", StateFormat.Version);
        foreach (var (file, content) in new[] { (from.CheckpointFile, weights), (from.StateFile, state) })
        {
            Compare(file, content, "epoch", from.Epoch.ToString(CultureInfo.InvariantCulture));
            CompareSpec(file, content, start.Spec);
        }

        // Weights and momentum of two different trainings would train, but not as either of them.
        Compare(from.StateFile, state, "runId", Said(from.CheckpointFile, weights, "runId"));
        Compare(from.StateFile, state, "attempt", Said(from.CheckpointFile, weights, "attempt"));
        return new SavedEpoch(from, weights, state);
    }

    /// <summary>Makes a freshly built network and its optimizer what they were.</summary>
    public void Restore(nn.Module<Tensor, Tensor> network, TrainingStep trainingStep)
    {
        using var scope = NewDisposeScope();
        Give(_from.CheckpointFile, _weights, [.. network.state_dict().Select(entry => (entry.Key, entry.Value))]);
        Give(_from.StateFile, _state, [.. trainingStep.State]);
    }

    /// <summary>Every target gets its tensor, and no tensor is left over.</summary>
    private static void Give(string file, SafetensorsContent content, IReadOnlyList<(string Name, Tensor Target)> targets)
    {
        var saved = content.Tensors.ToDictionary(tensor => tensor.Name);
        foreach (var (name, target) in targets)
        {
            if (!saved.Remove(name, out var tensor))
                throw Refusal(file, $"the tensor '{name}' is missing");
            var (there, here) = (Describe(tensor.Dtype, tensor.Shape), Describe(TensorBytes.Dtype(target), target.shape));
            if (there != here)
                throw Refusal(file, $"the tensor '{name}' is {there} there, but {here} in this run");
            TensorBytes.Load(target, tensor);
        }

        if (saved.Count > 0)
            throw Refusal(file, $"this run has no tensor '{saved.Keys.First()}'");
    }

    private static string Describe(string dtype, IEnumerable<long> shape) => $"{dtype} [{string.Join(", ", shape)}]";

    private static SafetensorsContent ReadFile(string folder, string name)
    {
        if (!CheckpointName.IsValid(name))
            throw Refusal($"'{name}'", "this is not the name of a checkpoint");
        try
        {
            using var file = File.OpenRead(Path.Combine(folder, name));
            return SafetensorsFile.Read(file);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Refusal(name, "the file is not there", missing);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw Refusal(name, failure.Message.TrimEnd('.'), failure);
        }
    }

    private static void Compare(string file, SafetensorsContent content, string key, string expected)
    {
        var said = Said(file, content, key);
        if (said != expected)
            throw Refusal(file, $"its {key} is '{said}' instead of '{expected}'");
    }

    /// <summary>A run may go on for more epochs than planned; everything else decides what the numbers in the file mean.</summary>
    private static void CompareSpec(string file, SafetensorsContent content, TrainingSpec spec)
    {
        JsonObject there, here;
        try
        {
            // Read as a spec first: fields that this version does not know are tolerated, missing ones have their defaults.
            there = AsObject(ProtocolJson.Read<TrainingSpec>(Said(file, content, "spec")) with { Epochs = spec.Epochs });
            here = AsObject(spec);
        }
        catch (JsonException damage)
        {
            throw Refusal(file, $"its spec cannot be read ({damage.Message})", damage);
        }

        foreach (var field in here.Concat(there).Select(field => field.Key))
        {
            if (!JsonNode.DeepEquals(there[field], here[field]))
                throw Refusal(file, $"its spec is another one: {field} is {Text(there[field])} there and {Text(here[field])} in this run");
        }
    }

    private static JsonObject AsObject(TrainingSpec spec) => JsonSerializer.SerializeToNode(spec, ProtocolJson.Options)!.AsObject();

    private static string Text(JsonNode? value) => value?.ToJsonString(ProtocolJson.Options) ?? "not set";

    private static string Said(string file, SafetensorsContent content, string key) =>
        content.Metadata.TryGetValue(key, out var value) ? value : throw Refusal(file, $"its metadata does not say its {key}");

    private static TrainingFailure Refusal(string file, string problem, Exception? cause = null) => new($"The run cannot go on from {file}: {problem}.",
        "Go on from an earlier checkpoint, or start the run again from the beginning.", cause);
}
