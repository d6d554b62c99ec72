using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Files;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// A safetensors file that a training starts from. Whatever it claims is compared with what is wanted; one that does not fit is refused with a
/// <see cref="TrainingFailure"/> that names it and says why.
/// </summary>
/// <param name="refuse">Makes the refusal from the file's name and its problem.</param>
internal sealed class SavedFile(string name, SafetensorsContent content, Func<string, string, Exception?, TrainingFailure> refuse)
{
    public string Name => name;

    public IReadOnlyDictionary<string, string> Metadata => content.Metadata;

    public static SavedFile Read(string path, string name, Func<string, string, Exception?, TrainingFailure> refuse)
    {
        try
        {
            using var file = OwnFile.OpenRead(path);
            return new SavedFile(name, SafetensorsFile.Read(file), refuse);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw refuse(name, "the file is not there", missing);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw refuse(name, failure.Message.TrimEnd('.'), failure);
        }
    }

    public string Said(string key) =>
        content.Metadata.TryGetValue(key, out var value) ? value : throw Refusal($"its metadata does not say its {key}");

    public void Expect(string key, string expected)
    {
        var said = Said(key);
        if (said != expected)
            throw Refusal($"its {key} is '{said}' instead of '{expected}'");
    }

    /// <summary>A number of the metadata that is not negative, written as "R" writes it.</summary>
    public T Number<T>(string key) where T : System.Numerics.INumber<T> =>
        T.TryParse(Said(key), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && T.IsFinite(number) && number >= T.Zero
            ? number
            : throw Refusal($"its {key} is not a number");

    /// <summary>The spec in the metadata. Fields that this version does not know are tolerated, missing ones have their defaults.</summary>
    public TrainingSpec Spec()
    {
        try
        {
            return ProtocolJson.Read<TrainingSpec>(Said("spec"));
        }
        catch (Exception damage) when (damage is System.Text.Json.JsonException or NotSupportedException)
        {
            throw Refusal($"its spec cannot be read ({damage.Message})", damage);
        }
    }

    public SafetensorsTensor? Find(string tensor) => content.Tensors.FirstOrDefault(saved => saved.Name == tensor);

    /// <summary>Every target gets its tensor, and no tensor is left over but those that are named.</summary>
    public void Give(IReadOnlyList<(string Name, Tensor Target)> targets, params IEnumerable<string> leftOver)
    {
        if (Misfit(targets, leftOver) is { } problem)
            throw Refusal(problem);
        foreach (var (target, tensor) in targets)
            TensorBytes.Load(tensor, Find(target)!);
    }

    /// <returns>Why the tensors of this file are not those of the targets; null where they are, by name, type and shape.</returns>
    public string? Misfit(IReadOnlyList<(string Name, Tensor Target)> targets, params IEnumerable<string> leftOver)
    {
        var saved = content.Tensors.ToDictionary(tensor => tensor.Name);
        foreach (var known in leftOver)
            saved.Remove(known);
        foreach (var (target, tensor) in targets)
        {
            if (!saved.Remove(target, out var found))
                return $"the tensor '{target}' is missing";
            var (there, here) = (Describe(found.Dtype, found.Shape), Describe(TensorBytes.Dtype(tensor), tensor.shape));
            if (there != here)
                return $"the tensor '{target}' is {there} there, but {here} in this run";
        }

        return saved.Count > 0 ? $"this run has no tensor '{saved.Keys.First()}'" : null;
    }

    public TrainingFailure Refusal(string problem, Exception? cause = null) => refuse(name, problem, cause);

    private static string Describe(string dtype, IEnumerable<long> shape) => $"{dtype} [{string.Join(", ", shape)}]";
}
