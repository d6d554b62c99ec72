using System.Text;
using ExperimentHub.Protocol.Files;

namespace ExperimentHub.Tracking.Runs;

/// <summary>What trainers wrote, one text file per attempt in the run's folder.</summary>
public sealed class RunLogs(DataFolder folder, TimeProvider time)
{
    /// <summary>A log that grows past this stops growing, so that a chatty trainer cannot fill the disk.</summary>
    public const long MaxBytes = 16 << 20;

    private const int TailBytes = 64 << 10;

    /// <summary>An attempt's log, for appending. The file is opened with the first line.</summary>
    public RunLogWriter Open(RunId run, int attempt) => new(() =>
    {
        DataFolder.Create(folder.RunFolder(run));
        return OwnFile.OpenAppend(folder.LogFile(run, attempt));
    }, time);

    /// <summary>The last lines of an attempt's log, oldest first; empty where there is none yet.</summary>
    public async Task<IReadOnlyList<RunLogLine>> TailAsync(RunId run, int attempt, int lines, CancellationToken cancellation = default)
    {
        var path = folder.LogFile(run, attempt);
        if (OwnFile.KindOf(path) == FileKind.Nothing)
            return [];
        FileStream file;
        try
        {
            file = OwnFile.OpenRead(path);
        }
        catch (NotAFileException)
        {
            return [new RunLogLine(time.GetUtcNow().UtcDateTime, "warn", "Something that is not a file lies in the place of this log, so nothing was written and nothing is read.")];
        }

        await using var opened = file;
        var cut = file.Length > TailBytes;
        if (cut)
            file.Seek(-TailBytes, SeekOrigin.End);
        using var reader = new StreamReader(file, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(cancellation);
        // The first line of a cut tail is a part of one.
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(cut ? 1 : 0).TakeLast(lines).Select(RunLogLine.Parse)];
    }
}

/// <summary>
/// Appends lines; each has left the process when the call returns. A line that cannot be written is left out and ends nothing: the next one that can says how many were. Any
/// thread may write.
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
        return parts.Length == 3 && DateTimeOffset.TryParse(parts[0], System.Globalization.CultureInfo.InvariantCulture, out var time)
            ? new RunLogLine(time.UtcDateTime, parts[1], parts[2])
            : new RunLogLine(default, "info", line);
    }

    public override string ToString() => $"{Time:O}\t{Level}\t{Text.ReplaceLineEndings(" ")}";
}
