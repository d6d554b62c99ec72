using System.Globalization;
using System.Security.Cryptography;
using ExperimentHub.Trainer.Checkpoints;

namespace ExperimentHub.Trainer.Tests;

/// <summary>Looks into checkpoint files, and makes others of them.</summary>
internal static class SavedTensors
{
    public static SafetensorsContent Read(string path)
    {
        using var file = File.OpenRead(path);
        return SafetensorsFile.Read(file);
    }

    /// <summary>SHA-256 over names, types, shapes and bits; the metadata differs between attempts.</summary>
    public static string Hash(string path)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var tensor in Read(path).Tensors)
        {
            sha256.AppendData(System.Text.Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"{tensor.Name} {tensor.Dtype} [{string.Join(",", tensor.Shape)}]\n")));
            sha256.AppendData(tensor.Data.Span);
        }

        return Convert.ToHexStringLower(sha256.GetHashAndReset());
    }

    /// <summary>Sets a metadata value, or removes it where the value is null.</summary>
    public static void EditMetadata(string path, string key, string? value) => Edit(path, content =>
    {
        var metadata = content.Metadata.Where(entry => entry.Key != key).ToDictionary();
        if (value is not null)
            metadata[key] = value;
        return content with { Metadata = metadata };
    });

    public static void EditTensors(string path, Func<IReadOnlyList<SafetensorsTensor>, IEnumerable<SafetensorsTensor>> edit) =>
        Edit(path, content => content with { Tensors = [.. edit(content.Tensors)] });

    /// <summary>Makes a state file one of the second version, which carried the results of its epochs.</summary>
    public static void MakeVersion2(string path, double[] metric, double[] trainLosses)
    {
        EditMetadata(path, "version", StateFormat.Version2);
        foreach (var key in new[] { StateFormat.HistoryMetric, StateFormat.HistoryTrainLoss, StateFormat.HistorySha256 })
            EditMetadata(path, key, null);
        EditTensors(path, tensors => [.. tensors, Numbers(StateFormat.HistoryMetric, metric), Numbers(StateFormat.HistoryTrainLoss, trainLosses)]);
    }

    private static SafetensorsTensor Numbers(string name, double[] values) =>
        new(name, "F64", [values.Length], System.Runtime.InteropServices.MemoryMarshal.AsBytes<double>(values).ToArray());

    private static void Edit(string path, Func<SafetensorsContent, SafetensorsContent> edit)
    {
        var edited = edit(Read(path));
        using var file = File.Create(path);
        SafetensorsFile.Write(file, edited);
    }
}
