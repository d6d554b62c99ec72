using System.Buffers;
using System.Globalization;
using System.Text;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Artifacts;

/// <summary>
/// Where the bytes of an artifact lie in the <see cref="ArtifactStore"/>: names joined by slashes, the first of them saying whose they are. It is
/// made by the hub, never taken from a request, and still every name is checked: none leads out of its folder, and any store can keep it.
/// </summary>
public readonly record struct ArtifactKey
{
    /// <summary>Of the whole key in UTF-8: what S3 allows ("Creating object key names").</summary>
    public const int MaxBytes = 1024;

    /// <summary>Of one name in UTF-8: what Linux allows (NAME_MAX of limits.h).</summary>
    public const int MaxNameBytes = 255;

    public const string Runs = "runs";
    public const string Datasets = "datasets";

    /// <summary>What is arriving lies under this name until it is complete.</summary>
    internal const string Arriving = ".arriving";

    private const string CheckpointFolder = "checkpoints";

    /// <summary>A backslash parts names on other systems, and in the clients of some stores.</summary>
    private static readonly SearchValues<char> NotInNames = SearchValues.Create('/', '\\');

    private readonly string? _text;

    private ArtifactKey(string text) => _text = text;

    public string Text => _text ?? throw new InvalidOperationException("A key without a text is none.");

    /// <summary>The last of its names.</summary>
    public string Name => Text[(Text.LastIndexOf('/') + 1)..];

    /// <summary>Of a data set. People put files and links there themselves.</summary>
    internal bool IsOfDataset => Text.StartsWith(Datasets + "/", StringComparison.Ordinal);

    /// <summary>Everything of a run lies under this one.</summary>
    public static ArtifactKey OfRun(RunId run) => Of(Runs, run.ToString());

    /// <summary>The weights of a run, and what resuming needs beside them, lie under this one.</summary>
    public static ArtifactKey CheckpointsOf(RunId run) => OfRun(run).Under(CheckpointFolder);

    public static ArtifactKey OfCheckpoint(RunId run, string fileName) => CheckpointsOf(run).Under(fileName);

    /// <summary>What the trainer of an attempt wrote to its standard error.</summary>
    public static ArtifactKey OfLog(RunId run, int attempt) => OfRun(run).Under($"attempt-{attempt}.log");

    /// <summary>The files of one of the hub's own data sets lie under this one, by their usual names.</summary>
    public static ArtifactKey OfDataset(string key) => Of(Datasets, key);

    /// <exception cref="ArgumentException">They make no key; the message says why.</exception>
    public static ArtifactKey Of(params IReadOnlyList<string> names) =>
        Make(names, out var key) is { } problem ? throw new ArgumentException(problem, nameof(names)) : key;

    public static bool TryParse(string? text, out ArtifactKey key)
    {
        key = default;
        return text is not null && Make(text.Split('/'), out key) is null;
    }

    /// <exception cref="FormatException">The text is no key.</exception>
    public static ArtifactKey Parse(string text) =>
        TryParse(text, out var key) ? key : throw new FormatException($"'{text}' is not the key of an artifact.");

    /// <exception cref="ArgumentException">The name cannot be used.</exception>
    public ArtifactKey Under(string name) => Of([.. Text.Split('/'), name]);

    public override string ToString() => Text;

    private static string? Make(IReadOnlyList<string> names, out ArtifactKey key)
    {
        key = default;
        if (names.Count < 2 || names[0] is not (Runs or Datasets))
            return $"A key begins with {Runs} or {Datasets} and goes on.";
        if (names.Select(NameProblem).FirstOrDefault(problem => problem is not null) is { } wrong)
            return wrong;
        var text = string.Join('/', names);
        if (Encoding.UTF8.GetByteCount(text) > MaxBytes)
            return $"A key has at most {MaxBytes} bytes.";
        key = new ArtifactKey(text);
        return null;
    }

    private static string? NameProblem(string name) =>
        name.Length == 0 ? "A name in a key is not empty."
        : name is "." or ".." or Arriving ? $"'{name}' is no name in a key."
        : name.AsSpan().ContainsAny(NotInNames) || name.EnumerateRunes()
            .Any(rune => rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) == UnicodeCategory.Control)
            ? "A name in a key has no slash, no backslash, no control character and no half of a character."
        : Encoding.UTF8.GetByteCount(name) > MaxNameBytes ? $"A name in a key has at most {MaxNameBytes} bytes."
        : null;
}
