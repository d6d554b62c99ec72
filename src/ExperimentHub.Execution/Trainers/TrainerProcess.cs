using System.Diagnostics;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// One trainer process: commands go in, lines come out. Disposing kills it with everything it started, if it still lives; by the end of its
/// input it also ends itself, so that it cannot outlive a hub that was killed.
/// </summary>
internal sealed class TrainerProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task _log;

    private TrainerProcess(Process process, Action<string>? onLogLine)
    {
        _process = process;
        _log = CopyLogAsync(process.StandardError, onLogLine);
    }

    public int Id => _process.Id;

    /// <param name="program">What to start.</param>
    /// <param name="arguments">Command line, passed without a shell.</param>
    /// <param name="onLogLine">Gets each line of standard error, on a pool thread.</param>
    /// <exception cref="TrainerMissingException">There is no such program.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">The system refused to start it.</exception>
    public static TrainerProcess Start(TrainerProgram program, IEnumerable<string> arguments, Action<string>? onLogLine = null)
    {
        var info = program.StartInfo(arguments);
        info.StandardInputEncoding = info.StandardOutputEncoding = info.StandardErrorEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new TrainerProcess(Process.Start(info)!, onLogLine);
    }

    /// <summary>Says something to the trainer. A trainer that is already gone hears nothing; its end is seen by the reader.</summary>
    public async Task SendAsync(TrainerCommand command)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(ProtocolJson.Write(command));
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // Broken pipe: it has died. The end of its output tells the same, with the exit code.
        }
    }

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>The next line of standard output; null at its end.</summary>
    public async Task<string?> ReadLineAsync(CancellationToken cancellation = default) => await _process.StandardOutput.ReadLineAsync(cancellation);

    /// <summary>Waits for the end after the output has ended; kills what lingers.</summary>
    /// <returns>The exit code; 128 + n for a death by signal n.</returns>
    public async Task<int> WaitForExitAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        await _log;
        return _process.ExitCode;
    }

    public void Kill()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private static async Task CopyLogAsync(StreamReader errors, Action<string>? onLogLine)
    {
        // Read to the end even if nobody listens: a full pipe would stop the trainer.
        while (await errors.ReadLineAsync() is { } line)
            onLogLine?.Invoke(line);
    }
}
