using System.Text.Json;
using System.Text.Json.Serialization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>
/// An experiment as one zip: what its entries are called and how they are spelled. Which entries a file has follows from what is written in it
/// (the manifest names the experiment, the experiment its runs, a run its checkpoints), so a name is only ever compared, never taken apart.
/// </summary>
internal static class ExperimentFileFormat
{
    public const string Kind = "experimenthub-experiment";

    /// <summary>The version that this code writes, and the only one it reads.</summary>
    public const int Version = 1;

    public const string Manifest = "manifest.json";
    public const string Experiment = "experiment.json";

    /// <summary>Beyond it a file is refused, and not written either: its list of entries is held in memory.</summary>
    public const int MaxEntries = Limits.EntriesOfAFile;

    /// <summary>An attempt's log; its own limit counts letters.</summary>
    public const long MaxLogBytes = 4 * RunLogs.MaxBytes;

    /// <summary>How ProtocolJson spells it, with words for enums; what is missing or null where it may not be is refused.</summary>
    public static JsonSerializerOptions Json { get; } = Freeze(new JsonSerializerOptions(ProtocolJson.Options)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    });

    public static string Facts(RunId run) => $"runs/{run}/run.json";

    public static string Series(RunId run) => $"runs/{run}/series.bin";

    public static string Evaluations(RunId run) => $"runs/{run}/evaluations.json";

    public static string Log(RunId run, int attempt) => $"runs/{run}/attempt-{attempt}.log";

    public static string Weights(RunId run, int epoch) => $"runs/{run}/checkpoints/epoch-{epoch}.safetensors";

    public static string State(RunId run, int epoch) => $"runs/{run}/checkpoints/epoch-{epoch}.state.safetensors";

    public static string PauseWeights(RunId run) => $"runs/{run}/checkpoints/pause.safetensors";

    public static string PauseState(RunId run) => $"runs/{run}/checkpoints/pause.state.safetensors";

    private static JsonSerializerOptions Freeze(JsonSerializerOptions options)
    {
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}

/// <summary>What every other entry is. It is the last one written.</summary>
/// <param name="Format"><see cref="ExperimentFileFormat.Kind"/>.</param>
/// <param name="LeftOut">What could not be written, in sentences for whoever imports it.</param>
internal sealed record Manifest(string Format, int Version, string AppVersion, DateTime ExportedAt, IReadOnlyList<ManifestEntry> Entries,
    IReadOnlyList<string> LeftOut);

/// <param name="Size">Bytes, unpacked.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
internal sealed record ManifestEntry(string Name, long Size, string Sha256);
