using System.Globalization;
using System.Text;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking.Artifacts;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

/// <summary>
/// What trainers wrote, one text for each attempt. While it is written it is a file of this machine; when the attempt has ended it becomes an
/// artifact of the run. Logs of older hubs lie under the same key and have no row.
/// </summary>
public sealed class RunLogs(DataFolder folder, ArtifactStore store, IDbContextFactory<TrackingDb> databases, TimeProvider time)
{
    /// <summary>A log that grows past this stops growing, so that a chatty trainer cannot fill the disk.</summary>
    public const long MaxBytes = 16 << 20;

    internal const string MediaType = "text/plain";

    private const int TailBytes = 64 << 10;

    /// <summary>An attempt's log, for appending. The file is opened with the first line.</summary>
    public RunLogWriter Append(RunId run, int attempt) => new(() =>
    {
        DataFolder.Create(folder.Logs);
        return OwnFile.OpenAppend(folder.LogFile(run, attempt));
    }, time);

    /// <summary>
    /// Makes an artifact of a log that nobody writes any more. It may be killed at any moment and called again; where there is no log it does
    /// nothing.
    /// </summary>
    public async Task KeepAsync(RunId run, int attempt, CancellationToken cancellation = default)
    {
        var path = folder.LogFile(run, attempt);
        if (!OwnFile.Exists(path))
            return;
        var key = ArtifactKey.OfLog(run, attempt);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var number = await db.Runs.IgnoreQueryFilters().IgnoreAutoIncludes().Where(r => r.Id == run).Select(r => (long?)r.Number)
            .FirstOrDefaultAsync(cancellation);
        if (number is { } owner)
        {
            ArtifactBytes kept;
            await using (var log = OwnFile.OpenRead(path))
                kept = await store.PutAsync(key, log, cancellation);
            if (!await db.Artifacts.AnyAsync(artifact => artifact.Key == key, cancellation))
                db.Artifacts.Add(Artifact.OfRun(owner, key, kept.Size, kept.Sha256, time.GetUtcNow().UtcDateTime, MediaType));
            await db.SaveChangesAsync(cancellation);
        }
        else
        {
            // A run that was removed meanwhile; an earlier call may have come as far as the bytes.
            await store.DeleteAsync([key], cancellation);
        }

        File.Delete(path);
    }

    /// <returns>The attempts of which there is a log on this machine that is no artifact yet.</returns>
    public IReadOnlyList<(RunId Run, int Attempt)> Unkept() => !Directory.Exists(folder.Logs) ? [] :
    [
        .. Directory.EnumerateFiles(folder.Logs, "*.log").Select(path => Path.GetFileNameWithoutExtension(path).Split('-'))
            .Select(name => name is [var run, var attempt] && RunId.TryParse(run, out var id)
                && int.TryParse(attempt, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? (id, number) : ((RunId, int)?)null)
            .OfType<(RunId, int)>(),
    ];

    /// <summary>An attempt's log as it is now; null where there is none.</summary>
    /// <exception cref="NotAFileException">Something that the hub did not put there lies in its place.</exception>
    public async Task<Stream?> OpenAsync(RunId run, int attempt, CancellationToken cancellation = default)
    {
        try
        {
            return OwnFile.OpenRead(folder.LogFile(run, attempt));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return await store.OpenAsync(ArtifactKey.OfLog(run, attempt), cancellation: cancellation);
        }
    }

    /// <summary>The last lines of an attempt's log, oldest first; empty where there is none yet.</summary>
    public async Task<IReadOnlyList<RunLogLine>> TailAsync(RunId run, int attempt, int lines, CancellationToken cancellation = default)
    {
        Stream? log;
        try
        {
            log = await OpenAsync(run, attempt, cancellation);
        }
        catch (NotAFileException)
        {
            return [new RunLogLine(time.GetUtcNow().UtcDateTime, "warn",
                "Something that is not a file lies in the place of this log, so nothing was written and nothing is read.")];
        }

        if (log is null)
            return [];
        await using var opened = log;
        var cut = log.Length > TailBytes;
        if (cut)
            log.Seek(-TailBytes, SeekOrigin.End);
        using var reader = new StreamReader(log, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(cancellation);
        // The first line of a cut tail is a part of one.
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(cut ? 1 : 0).TakeLast(lines).Select(RunLogLine.Parse)];
    }
}

/// <summary>
/// Appends lines; each has left the process when the call returns. A line that cannot be written is left out and ends nothing: the next one that can
/// says how many were. Any thread may write.
/// </summary>
public sealed class RunLogWriter(Func<FileStream> open, TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private FileStream? _file;
    private bool _full;
    private bool _torn;
    private int _lost;

    public void Write(string level, string text)
    {
        lock (_lock)
        {
            if (_full)
                return;
            try
            {
                _file ??= open();
                if (_torn)
                    Append("");
                _torn = false;
                if (_lost > 0)
                    Append(Line("warn", _lost == 1 ? "1 line could not be written here." : $"{_lost} lines could not be written here."));
                _lost = 0;
                var line = Line(level, text);
                _full = _file.Position + line.Length + 1 > RunLogs.MaxBytes;
                Append(_full ? Line("warn", "The log is full; later lines are not kept.") : line);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A log explains a run; it must not end one. A part of the line may be there.
                _lost++;
                _torn = _file is not null;
            }
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Append(string line) => _file!.Write(Encoding.UTF8.GetBytes(line + '\n'));

    private string Line(string level, string text) => new RunLogLine(time.GetUtcNow().UtcDateTime, level, text).ToString();
}

/// <summary>One line of a trainer's log.</summary>
/// <param name="Level"><c>info</c>, <c>warn</c> or <c>error</c>.</param>
public sealed record RunLogLine(DateTime Time, string Level, string Text)
{
    internal static RunLogLine Parse(string line)
    {
        var parts = line.Split('\t', 3);
        return parts.Length == 3 && DateTimeOffset.TryParse(parts[0], CultureInfo.InvariantCulture, out var time)
            ? new RunLogLine(time.UtcDateTime, parts[1], parts[2])
            : new RunLogLine(default, "info", line);
    }

    public override string ToString() => $"{Time:O}\t{Level}\t{Text.ReplaceLineEndings(" ")}";
}
