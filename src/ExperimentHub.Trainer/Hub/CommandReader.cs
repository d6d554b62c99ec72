using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Hub;

/// <summary>
/// Listens to the hub on a thread of its own, so that a stop and the end of the hub are noticed whatever the training thread does.
/// </summary>
/// <param name="input">The hub's lines.</param>
/// <param name="stop">Cancelled when the hub asks to stop, and at the end of the input.</param>
/// <param name="log">Takes lines for the log.</param>
/// <param name="onEnd">Called once when the input ends, which means that the hub is gone, on the listening thread and after the stop.</param>
internal sealed class CommandReader(TextReader input, CancellationTokenSource stop, Action<string> log, Action onEnd)
{
    private readonly TaskCompletionSource<StandBy?> _standBy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<StartTraining> _start = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _hasEnded;

    /// <summary>What comes before the start; null where that comes first.</summary>
    public Task<StandBy?> StandBy => _standBy.Task;

    /// <summary>What to train. Fails with <see cref="TrainingFailure"/> when another line comes in its place.</summary>
    public Task<StartTraining> Start => _start.Task;

    /// <summary>True once the input has ended; set before the stop, so that who sees the stop can tell the two apart.</summary>
    public bool HasEnded => _hasEnded;

    public void Listen() => new Thread(ReadToEnd) { IsBackground = true, Name = "hub" }.Start();

    private void ReadToEnd()
    {
        try
        {
            while (input.ReadLine() is { } line)
            {
                if (line.Length > 0)
                    Obey(line);
            }
        }
        catch (IOException failure)
        {
            log($"warn: reading from the hub failed: {failure.Message}");
        }

        _hasEnded = true;
        stop.Cancel();
        onEnd();
    }

    private void Obey(string line)
    {
        TrainerCommand? command = null;
        try
        {
            command = ProtocolJson.Read<TrainerCommand>(line);
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException)
        {
            log($"warn: the hub said something that this trainer does not know: {failure.Message}");
        }

        if (_standBy.TrySetResult(command as StandBy) && command is StandBy)
            return;
        switch (command)
        {
            case StartTraining start when _start.TrySetResult(start):
                break;
            case StopTraining:
                stop.Cancel();
                break;
            default:
                if (_start.TrySetException(new TrainingFailure("Standard input has something else where the start command should be.",
                    "The hub and the trainer must be of the same version.")))
                    break;
                log("warn: a line from the hub was ignored.");
                break;
        }
    }
}
