using ExperimentHub.Tracking.Runs;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// Keeps a trainer's standard error: all of it in the run's log, the last lines at hand to explain a crash. Nothing fails because the log cannot be
/// written; the hub's own log says so once.
/// </summary>
internal sealed class TrainerLog : IDisposable
{
    private const int Remembered = 12;

    private static readonly string[] Levels = ["info", "warn", "error"];

    private readonly Lock _lock = new();
    private readonly Queue<string> _last = new();
    private readonly ILogger _hubLog;
    private RunLogWriter? _file;
    private bool _failed;

    /// <param name="open">Opens the run's log.</param>
    /// <param name="hubLog">Takes what the run's log cannot.</param>
    public TrainerLog(Func<RunLogWriter> open, ILogger hubLog)
    {
        _hubLog = hubLog;
        Try(() => _file = open());
    }

    /// <summary>A line as the trainer wrote it: its level, a colon, the text. A line without a level came from a native library.</summary>
    public void Write(string line)
    {
        var level = Levels.FirstOrDefault(level => line.StartsWith(level + ": ", StringComparison.Ordinal));
        Write(level ?? "warn", level is null ? line : line[(level.Length + 2)..]);
    }

    public void Write(string level, string text)
    {
        Try(() => _file?.Write(level, text));
        lock (_lock)
        {
            _last.Enqueue(text);
            if (_last.Count > Remembered)
                _last.Dequeue();
        }
    }

    public string LastLines()
    {
        lock (_lock)
            return string.Join('\n', _last);
    }

    public void Dispose() => Try(() => _file?.Dispose());

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_failed)
                _hubLog.LogWarning(e, "The log of a run cannot be written; lines that find no room are left out");
            _failed = true;
        }
    }
}
