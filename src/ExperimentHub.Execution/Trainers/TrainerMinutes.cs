using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Execution.Trainers;

/// <summary>Why a trainer's words are not recorded any further.</summary>
internal enum Refusal
{
    /// <summary>The run is no longer this attempt's.</summary>
    Stale,

    /// <summary>It said something that is not an event.</summary>
    Garbled,

    /// <summary>Its data set is not the one that the run must have.</summary>
    OtherDataset,
}

/// <summary>
/// Takes the minutes of one attempt: everything that its trainer says is recorded, in its order, as many words in one transaction as wait. So a
/// trainer with hundreds of epochs a second is not slowed down by a transaction for each, and one that is slow is on the page at once. Between two
/// batches the database is left to others, first of all to whoever wants to say stop.
/// </summary>
/// <param name="pace">How long to leave the database to others.</param>
internal sealed class TrainerMinutes(
    AttemptKey key, StartingPoint from, RunRecorder recorder, CheckpointRecorder checkpoints, DeviceInventory devices, RecordingPace pace)
{
    private readonly List<(TrainerEvent Said, DateTimeOffset At)> _results = [];
    private bool _wrote;

    /// <summary>The newest word that was recorded.</summary>
    public TrainerEvent? Last { get; private set; }

    /// <summary>Why it ended before the words did; null where it did not.</summary>
    public Refusal? Refusal { get; private set; }

    /// <summary>What was refused, for a person.</summary>
    public string? Refused { get; private set; }

    /// <summary>Records until there are no more words, or one that is refused.</summary>
    /// <param name="hurry">Cancelled when somebody waits for the end.</param>
    public async Task TakeAsync(TrainerWords words, CancellationToken hurry)
    {
        while (Refusal is null && await words.TakeAsync() is { Count: > 0 } lines)
        {
            using var turn = pace.Begin();
            foreach (var line in lines)
            {
                if (!await TakeAsync(line))
                    break;
            }

            // Also what came before a word that is refused.
            await RecordResultsAsync();
            if (_wrote)
                await turn.LeaveToOthersAsync(words.Ended, hurry);
            _wrote = false;
        }
    }

    private async Task<bool> TakeAsync(BoundedLines.Line line)
    {
        TrainerEvent said;
        try
        {
            if (!line.Whole)
                throw new JsonException("The line is too long.");
            said = ProtocolJson.Read<TrainerEvent>(line.Text);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            (Refusal, Refused) = (Trainers.Refusal.Garbled, Shorten(line.Text));
            return false;
        }

        if (said is TrainingStarted { DatasetSha256: { } data } && from.Dataset is { } expected && data != expected)
        {
            (Refusal, Refused) = (Trainers.Refusal.OtherDataset, data);
            return false;
        }

        // A heartbeat says only that the trainer lives.
        if (said is not Heartbeat)
            recorder.WaitForRoom(key, said is WaitingForRoom);
        switch (said)
        {
            case Preparing preparing:
                recorder.Preparing(key, preparing);
                break;
            case TrainingProgress progress:
                recorder.Progress(key, progress, line.At);
                break;
            case EpochFinished or EpochEvaluated or CheckpointSaved:
                _results.Add((said, line.At));
                break;
            case TrainingStarted started:
                if (!await RecordResultsAsync() || Stale(
                    !await recorder.StartedAsync(key, started, from.Resume, RunEnvironment.Of(await devices.ReadHardwareAsync()))))
                    return false;
                break;
            case PausePointSaved saved:
                if (!await RecordResultsAsync() || Stale(!await checkpoints.PausedAsync(key, saved)))
                    return false;
                break;
            default:
                break; // a heartbeat, or a last word that counts once the process has ended
        }

        Last = said;
        return true;
    }

    /// <summary>
    /// Epochs with what the network said of them first, then the checkpoints: whoever sees a checkpoint sees its epoch. A kill between the two leaves
    /// an epoch without its checkpoint, which is trained again.
    /// </summary>
    private async Task<bool> RecordResultsAsync()
    {
        if (_results.Count == 0)
            return true;
        var saved = _results.Select(heard => heard.Said).OfType<CheckpointSaved>().ToList();
        var results = _results.Where(heard => heard.Said is not CheckpointSaved).ToList();
        _results.Clear();
        _wrote = true;
        return !Stale((results.Count > 0 && !await recorder.ResultsAsync(key, results))
            || (saved.Count > 0 && !await checkpoints.SavedAsync(key, saved)));
    }

    private bool Stale(bool stale)
    {
        if (stale)
            Refusal = Trainers.Refusal.Stale;
        return stale;
    }

    private static string Shorten(string text) => text.Length <= 200 ? text : $"{text[..200]}...";
}
