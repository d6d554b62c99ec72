using System.Diagnostics;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// One trainer process: commands go in, lines come out. Disposing kills it with everything it started, if it still lives; by the end of its
/// input it also ends itself, so that it cannot outlive a hub that was killed; and where it can do neither, the next hub ends it
/// (<see cref="LivingTrainers"/>).
/// </summary>
internal sealed class TrainerProcess : IDisposable
{
    /// <summary>A line of the log that is longer comes in pieces.</summary>
    private const int LogLineLimit = 16 << 10;

    /// <summary>Lines that are kept for whoever takes the log later; the oldest go.</summary>
    private const int MostUnread = 100;

    /// <summary>Where programs look for the trace that they belong to.</summary>
    private const string TraceVariable = "TRACEPARENT";

    /// <summary>How long the end of the outputs may come after the end of the process.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly SystemProcess? _seen;
    private readonly LivingTrainers _living;
    private readonly Task _log;
    private readonly Lock _lock = new();
    private readonly Lock _logLock = new();
    private Queue<string>? _unread;
    private Action<string>? _onLogLine;
    private Task _said = Task.CompletedTask;

    private TrainerProcess(Process process, LivingTrainers living, Action<string>? onLogLine)
    {
        _process = process;
        _living = living;
        // null where it has ended and was looked at already.
        _seen = SystemProcess.Find(process.Id);
        if (_seen is { } seen)
            living.Enter(seen);
        Lines = new BoundedLines(process.StandardOutput, TrainerEvent.MaxLineLength);
        Exited = ExitAsync();
        _onLogLine = onLogLine;
        _unread = onLogLine is null ? new Queue<string>() : null;
        _log = CopyLogAsync(new BoundedLines(process.StandardError, LogLineLimit));
    }

    public int Id => _process.Id;

    /// <summary>What it says on standard output. Only one may read.</summary>
    public BoundedLines Lines { get; }

    /// <summary>Completes when the process has ended; its output may still have something to read.</summary>
    public Task Exited { get; }

    /// <summary>128 + n for a death by signal n; null while it lives.</summary>
    public int? ExitCode => Exited.IsCompleted ? _process.ExitCode : null;

    /// <param name="program">What to start.</param>
    /// <param name="arguments">Command line, passed without a shell.</param>
    /// <param name="onLogLine">Gets each line of standard error, on a pool thread; null where nobody does yet (<see cref="LogTo"/>).</param>
    /// <param name="trace">What it is a part of, where somebody traces runs.</param>
    /// <exception cref="TrainerMissingException">There is no such program.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">The system refused to start it.</exception>
    public static TrainerProcess Start(TrainerProgram program, IEnumerable<string> arguments, Action<string>? onLogLine = null,
        Activity? trace = null)
    {
        var info = program.StartInfo(arguments);
        if (trace is not null)
            info.Environment[TraceVariable] = trace.Id;
        info.StandardInputEncoding = info.StandardOutputEncoding = info.StandardErrorEncoding =
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new TrainerProcess(Process.Start(info)!, program.Living, onLogLine);
    }

    /// <summary>
    /// Says something to the trainer, in the order of the calls, without waiting until it listens. A trainer that is already gone hears nothing; its
    /// end is seen by whoever reads.
    /// </summary>
    public void Say(TrainerCommand command)
    {
        lock (_lock)
            _said = SayAfterAsync(_said, ProtocolJson.Write(command));
    }

    /// <summary>Gives the log to whoever needs the process now, with the lines that nobody got until then.</summary>
    public void LogTo(Action<string> onLogLine)
    {
        lock (_logLock)
        {
            while (_unread?.TryDequeue(out var line) ?? false)
                onLogLine(line);
            (_unread, _onLogLine) = (null, onLogLine);
        }
    }

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Waits for the end after the output has ended; kills what lingers.</summary>
    /// <returns>The exit code; null where it lives although it was killed, which a driver in trouble can bring about.</returns>
    public async Task<int?> WaitForExitAsync(TimeSpan patience)
    {
        if (!await EndsWithinAsync(Exited, patience))
        {
            Kill();
            await EndsWithinAsync(Exited, LastWords);
        }

        // Somebody whom it started may hold its output open; nobody waits for that one.
        await EndsWithinAsync(_log, LastWords);
        return ExitCode;
    }

    /// <summary>Ends it and everything it started, at once. One that has ended is left alone: its number may be somebody else's by now.</summary>
    public void Kill()
    {
        if (!Exited.IsCompleted)
            _seen?.KillWithDescendants();
    }

    public void Dispose()
    {
        Kill();
        if (_seen is { } seen)
            _ = LeaveAsync(seen);
        _process.Dispose();
    }

    private async Task ExitAsync()
    {
        await _process.WaitForExitAsync();
        // Whoever it started, an npm for one, has no hub to tell it that it is no longer needed.
        _seen?.KillWithDescendants();
    }

    private async Task LeaveAsync(SystemProcess seen)
    {
        // It was just killed, and the system needs a moment.
        for (var look = 0; seen.Lives && look < 100; look++)
            await Task.Delay(20);
        _living.Leave(seen);
    }

    private async Task SayAfterAsync(Task before, string line)
    {
        await before;
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Broken pipe: it has died, or is being put away. The end of its output tells the same, with the exit code.
        }
    }

    private void Log(string line)
    {
        lock (_logLock)
        {
            _onLogLine?.Invoke(line);
            if (_unread is not { } unread)
                return;
            unread.Enqueue(line);
            if (unread.Count > MostUnread)
                unread.Dequeue();
        }
    }

    private static async Task<bool> EndsWithinAsync(Task task, TimeSpan limit)
    {
        await Task.WhenAny(task, Task.Delay(limit));
        return task.IsCompleted;
    }

    private async Task CopyLogAsync(BoundedLines errors)
    {
        // Read to the end whatever happens, even if nobody listens: a full pipe would stop the trainer.
        try
        {
            while (await errors.ReadAsync() is { } line)
                Log(line.Text);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Closed by us.
        }
    }
}
