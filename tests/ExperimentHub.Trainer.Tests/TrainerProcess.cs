using System.Diagnostics;
using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Tests;

/// <summary>The built trainer as a child process, as the hub starts it.</summary>
internal sealed class TrainerProcess : IDisposable
{
    // A test that waits longer than this has failed; nothing depends on how fast the machine is.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly CancellationTokenSource _patience = new(Patience);

    public TrainerProcess(params string[] arguments)
        : this(new Dictionary<string, string>(), arguments)
    {
    }

    /// <param name="environment">Variables beyond ours.</param>
    /// <param name="arguments">Command line.</param>
    public TrainerProcess(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "ExperimentHub.Trainer"), arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        Log = _process.StandardError.ReadToEndAsync();
    }

    public Task<string> Log { get; }

    public void Say(TrainerCommand command) => SayLine(ProtocolJson.Write(command));

    public void SayLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Asks the process to end, as a service manager does.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(_patience.Token);
    }

    /// <summary>Ends the process without a chance to do anything.</summary>
    public void Kill() => _process.Kill();

    public void EndInput() => _process.StandardInput.Close();

    /// <summary>The next event, or null at the end of the output.</summary>
    public async Task<TrainerEvent?> NextAsync() =>
        await _process.StandardOutput.ReadLineAsync(_patience.Token) is { } line ? ProtocolJson.Read<TrainerEvent>(line) : null;

    public async Task<T> UntilAsync<T>() where T : TrainerEvent
    {
        while (await NextAsync() is { } told)
        {
            if (told is T wanted)
                return wanted;
        }

        throw new InvalidOperationException($"The trainer ended without {typeof(T).Name}; its log: {await Log}");
    }

    public async Task<List<TrainerEvent>> RestAsync()
    {
        var rest = new List<TrainerEvent>();
        while (await NextAsync() is { } told)
            rest.Add(told);
        return rest;
    }

    public Task<string> OutputAsync() => _process.StandardOutput.ReadToEndAsync(_patience.Token);

    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync(_patience.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _patience.Dispose();
    }
}
