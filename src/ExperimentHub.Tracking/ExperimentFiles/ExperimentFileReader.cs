using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking.Names;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>
/// Opens a file that somebody sent and hands out nothing of it that is not what its manifest says. Every refusal is a
/// <see cref="BadExperimentFileException"/>
/// with a sentence for the person who sent it.
/// </summary>
internal sealed class ExperimentFileReader : IDisposable
{
    /// <summary>Packed points and weights do not shrink at all, and text of a hub hardly more than twenty times.</summary>
    private const int MaxRatio = 100;

    /// <summary>What is smaller may be as hollow as it likes.</summary>
    private const long HarmlessBytes = 32L << 20;

    private readonly ZipArchive _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ManifestEntry> _expected = new(StringComparer.Ordinal);

    public ExperimentFileReader(Stream file, long maxBytes)
    {
        _zip = Whole(() => new ZipArchive(file, ZipArchiveMode.Read));
        foreach (var entry in Whole(() => _zip.Entries))
        {
            if (!_entries.TryAdd(entry.FullName, entry))
                throw new BadExperimentFileException($"'{Words.Short(entry.FullName)}' is in the file twice. A hub does not export that.");
        }

        Manifest = ReadManifest();
        foreach (var entry in Manifest.Entries)
        {
            if (!_expected.TryAdd(entry.Name, entry) || entry.Name == ExperimentFileFormat.Manifest)
                throw new BadExperimentFileException($"The manifest names '{Words.Short(entry.Name)}' twice. A hub does not export that.");
            if (!_entries.TryGetValue(entry.Name, out var found))
                throw new BadExperimentFileException(
                    $"'{Words.Short(entry.Name)}' is missing, though the manifest names it. Export the experiment again.");
            CheckSize(found, entry.Size);
        }

        if (_entries.Keys.FirstOrDefault(name => name != ExperimentFileFormat.Manifest && !_expected.ContainsKey(name)) is { } extra)
            throw new BadExperimentFileException(
                $"'{Words.Short(extra)}' is in the file, but not in its manifest. Nothing may be added to an export.");
        if (_entries.Values.Sum(entry => (decimal)entry.Length) > maxBytes)
            throw new BadExperimentFileException(
                $"Unpacked it has more than the {maxBytes:N0} bytes that are allowed. Raise Hub:MaxImportMebibytes and import it again.");
    }

    public Manifest Manifest { get; }

    /// <summary>The entries that nobody has asked for yet.</summary>
    public HashSet<string> Unread { get; } = new(StringComparer.Ordinal);

    public long SizeOf(string name) => Expected(name).Size;

    public string HashOf(string name) => Expected(name).Sha256;

    /// <param name="maxBytes">It is held in memory, with what it says.</param>
    public T ReadJson<T>(string name, int maxBytes) => Json<T>(name, ReadBytes(name, Expected(name), maxBytes));

    /// <summary>Writes an entry to a file of our own.</summary>
    /// <param name="toDisk">It is there to stay: on the disk before the database says so.</param>
    public void Extract(string name, string path, long maxBytes, bool toDisk, CancellationToken cancellation)
    {
        var expected = Expected(name);
        if (expected.Size > maxBytes)
            throw new BadExperimentFileException($"{name} has {expected.Size:N0} bytes; at most {maxBytes:N0} are allowed.");
        using var target = OwnFile.CreateNew(path);
        Copy(name, expected, target, cancellation);
        target.Flush(toDisk);
    }

    public void Dispose() => _zip.Dispose();

    private ManifestEntry Expected(string name)
    {
        Unread.Remove(name);
        return _expected.TryGetValue(name, out var entry)
            ? entry : throw new BadExperimentFileException($"{name} is missing. Export the experiment again.");
    }

    private Manifest ReadManifest()
    {
        if (!_entries.TryGetValue(ExperimentFileFormat.Manifest, out var entry))
            throw new BadExperimentFileException("It has no manifest.json, so it is not an experiment that ExperimentHub exported.");
        CheckSize(entry, entry.Length);
        var bytes = ReadBytes(ExperimentFileFormat.Manifest, new ManifestEntry(ExperimentFileFormat.Manifest, entry.Length, ""), Limits.ListsOfAFile);
        // Another version may look quite different: its number comes before everything else.
        var head = Json<ManifestHead>(ExperimentFileFormat.Manifest, bytes);
        if (head.Format != ExperimentFileFormat.Kind)
            throw new BadExperimentFileException("Its manifest.json is not that of an exported experiment.");
        if (head.Version != ExperimentFileFormat.Version)
        {
            throw new BadExperimentFileException(
                $"It is written in version {head.Version} of the format (by ExperimentHub {Words.Short(head.AppVersion ?? "unknown")}), and this "
                    + $"hub reads version {ExperimentFileFormat.Version}. "
                + (head.Version > ExperimentFileFormat.Version ? "Update this hub." : "Export it again with a newer hub."));
        }

        var manifest = Json<Manifest>(ExperimentFileFormat.Manifest, bytes);
        Unread.UnionWith(manifest.Entries.Select(one => one.Name));
        return manifest;
    }

    private static void CheckSize(ZipArchiveEntry entry, long said)
    {
        if (entry.Length != said)
            throw new BadExperimentFileException(
                $"'{Words.Short(entry.FullName)}' has {entry.Length:N0} bytes, and the manifest says {said:N0}: it was changed or damaged. Export "
                    + "the experiment again.");
        if (entry.Length > HarmlessBytes && entry.Length / MaxRatio > entry.CompressedLength)
            throw new BadExperimentFileException(
                $"'{Words.Short(entry.FullName)}' would unpack to {entry.Length / Math.Max(1, entry.CompressedLength):N0} times its size. A hub "
                    + "does not export that.");
    }

    private byte[] ReadBytes(string name, ManifestEntry expected, int maxBytes)
    {
        if (expected.Size > maxBytes)
            throw new BadExperimentFileException($"{name} has {expected.Size:N0} bytes; at most {maxBytes:N0} are allowed.");
        var bytes = new byte[expected.Size];
        using var target = new MemoryStream(bytes);
        Copy(name, expected, target, CancellationToken.None);
        return bytes;
    }

    /// <summary>Never writes more than the size that was checked, whatever comes out of the compressed stream.</summary>
    private void Copy(string name, ManifestEntry expected, Stream target, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var content = Whole(() => _entries[name].Open());
        var buffer = new byte[1 << 17];
        var left = expected.Size;
        for (int read; (read = Whole(() => content.Read(buffer))) > 0; left -= read)
        {
            cancellation.ThrowIfCancellationRequested();
            if (read > left)
                throw Changed(name);
            hash.AppendData(buffer.AsSpan(0, read));
            target.Write(buffer.AsSpan(0, read));
        }

        // The manifest has no hash of itself.
        if (left > 0 || (name != ExperimentFileFormat.Manifest && Convert.ToHexStringLower(hash.GetHashAndReset()) != expected.Sha256))
            throw Changed(name);
    }

    private static BadExperimentFileException Changed(string name) =>
        new($"{name} is not what the manifest says (its SHA-256 differs): it was changed or damaged. Export the experiment again.");

    private static T Json<T>(string name, byte[] bytes)
    {
        try
        {
            var value = JsonSerializer.Deserialize<T>(bytes, ExperimentFileFormat.Json) ?? throw new BadExperimentFileException($"{name} is empty.");
            return JsonLists.EmptyEntry(bytes) is { } empty
                ? throw new BadExperimentFileException($"{name} has an empty entry at {Words.Short(empty)}: it is not what a hub writes there.")
                : value;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            var place = (e as JsonException)?.Path is { Length: > 0 } path ? $" at {Words.Short(path)}" : "";
            throw new BadExperimentFileException($"{name} cannot be read{place}: it is not what a hub writes there.");
        }
    }

    /// <summary>What the zip's own reader says means the same to a person, whatever it is.</summary>
    private static T Whole<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or EndOfStreamException)
        {
            throw new BadExperimentFileException(
                "It is not a zip file, or only a part of one. Export the experiment again and import the file as it is.");
        }
    }

    private sealed record ManifestHead(string Format, int Version, string? AppVersion = null);
}
