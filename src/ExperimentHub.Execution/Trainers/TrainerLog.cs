using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Execution.Trainers;

/// <summary>Keeps a trainer's standard error: all of it in the run's log, the last lines at hand to explain a crash.</summary>
internal sealed class TrainerLog(RunLogWriter file) : IDisposable
{
    private const int Remembered = 12;

    private static readonly string[] Levels = ["info", "warn", "error"];

    private readonly Lock _lock = new();
    private readonly Queue<string> _last = new();

    /// <summary>A line as the trainer wrote it: its level, a colon, the text. A line without a level came from a native library.</summary>
    public void Write(string line)
    {
        var level = Levels.FirstOrDefault(level => line.StartsWith(level + ": ", StringComparison.Ordinal));
        Write(level ?? "warn", level is null ? line : line[(level.Length + 2)..]);
    }

    public void Write(string level, string text)
    {
        file.Write(level, text);
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

    public void Dispose() => file.Dispose();
}
