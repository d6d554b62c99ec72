using System.Text;
using ExperimentHub.Protocol.Files;

namespace ExperimentHub.Tracking.Runs;

/// <summary>What trainers wrote, one text file per attempt in the run's folder.</summary>
public sealed class RunLogs(DataFolder folder, TimeProvider time)
{
    /// <summary>A log that grows past this stops growing, so that a chatty trainer cannot fill the disk.</summary>
    public const long MaxBytes = 16 << 20;

    private const int TailBytes = 64 << 10;

    /// <summary>Opens an attempt's log for appending.</summary>
    public RunLogWriter Open(RunId run, int attempt)
    {
        DataFolder.Create(folder.RunFolder(run));
        try
        {
            return new RunLogWriter(new StreamWriter(OwnFile.OpenAppend(folder.LogFile(run, attempt))), time);
        }
        catch (NotAFileException)
        {
            // No reason to end the run. Whoever asks for the log is told.
            return new RunLogWriter(StreamWriter.Null, time);
        }
    }

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

/// <summary>Appends lines; each has left the process when the call returns. Any thread may write.</summary>
public sealed class RunLogWriter : IDisposable
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _file;
    private readonly TimeProvider _time;
    private long _written;
    private bool _full;

    internal RunLogWriter(StreamWriter file, TimeProvider time)
    {
        _file = file;
        _time = time;
        _written = file.BaseStream.Length;
    }

    public void Write(string level, string text)
    {
        lock (_lock)
        {
            if (_full)
                return;
            var line = new RunLogLine(_time.GetUtcNow().UtcDateTime, level, text).ToString();
            _written += line.Length + 1;
            _full = _written > RunLogs.MaxBytes;
            _file.Write(_full ? new RunLogLine(_time.GetUtcNow().UtcDateTime, "warn", "The log is full; later lines are not kept.").ToString() : line);
            _file.Write('\n');
            _file.Flush();
        }
    }

    public void Dispose() => _file.Dispose();
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
