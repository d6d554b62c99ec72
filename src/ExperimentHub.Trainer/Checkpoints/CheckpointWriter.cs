using System.Security.Cryptography;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Epochs;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// Saves the network, and beside it the state that resuming needs. A file under a final name is always complete: it is written under a temporary
/// name, synced and renamed. The hub takes it from here into its store and syncs that name, before it records it: neither a kill nor a power cut
/// leaves half a checkpoint.
/// </summary>
internal sealed class CheckpointWriter
{
    private const string TemporarySuffix = ".writing";

    private readonly StartTraining _run;
    private readonly TrainingConditions _conditions;
    private readonly nn.Module<Tensor, Tensor> _network;
    private readonly TrainingStep _trainingStep;

    /// <exception cref="TrainingFailure">The folder cannot be used.</exception>
    public CheckpointWriter(StartTraining run, TrainingConditions conditions, nn.Module<Tensor, Tensor> network, TrainingStep trainingStep)
    {
        (_run, _conditions, _network, _trainingStep) = (run, conditions, network, trainingStep);
        if (!Directory.Exists(run.ScratchFolder))
            throw CannotWrite(new DirectoryNotFoundException("it is not there."));
    }

    /// <summary>At the end of an epoch. The content of both files is on the disk when this returns.</summary>
    /// <param name="history">With this epoch in it.</param>
    /// <exception cref="NoRoomException">The disk is full. Nothing of this epoch is left, earlier checkpoints are untouched; it may be tried
    /// again.</exception>
    /// <exception cref="TrainingFailure">They cannot be written for another reason; the same holds.</exception>
    public CheckpointSaved SaveEpoch(EpochFinished epoch, EpochHistory history)
    {
        var saved = Save(
            CheckpointName.For(_run.Attempt, epoch.Epoch), CheckpointMetadata.OfWeights(_run, _conditions, epoch, history),
            CheckpointName.StateFor(_run.Attempt, epoch.Epoch), CheckpointMetadata.OfState(_run, _conditions, epoch.Epoch, tally: null, history));
        return new CheckpointSaved(epoch.Epoch, saved.Weights, saved.Size, saved.Sha256, saved.State) { WeightsSha256 = saved.WeightsSha256 };
    }

    /// <summary>Between two steps; as durable as <see cref="SaveEpoch"/>.</summary>
    /// <param name="epoch">The last epoch that is done.</param>
    /// <param name="tally">What is done of the next one.</param>
    /// <exception cref="NoRoomException">As with <see cref="SaveEpoch"/>.</exception>
    /// <exception cref="TrainingFailure">As with <see cref="SaveEpoch"/>.</exception>
    public PausePointSaved SavePause(int epoch, EpochTally tally, EpochHistory history)
    {
        var saved = Save(
            CheckpointName.ForPause(_run.Attempt), CheckpointMetadata.OfWeights(_run, _conditions, epoch, tally, history),
            CheckpointName.StateForPause(_run.Attempt), CheckpointMetadata.OfState(_run, _conditions, epoch, tally, history));
        return new PausePointSaved(epoch, tally.Steps, saved.Weights, saved.Size, saved.Sha256, saved.State);
    }

    private (string Weights, long Size, string Sha256, string WeightsSha256, StateFile State) Save(
        string weightsName, Dictionary<string, string> weightsMetadata, string stateName, Dictionary<string, string> stateMetadata)
    {
        using var scope = NewDisposeScope();
        List<SafetensorsTensor> weights = [.. _network.state_dict().Select(entry => TensorBytes.Save(entry.Key, entry.Value))];
        List<SafetensorsTensor> state = [.. _trainingStep.State.Select(entry => TensorBytes.Save(entry.Name, entry.Tensor))];
        try
        {
            var (stateSize, stateSha256) = Write(stateName, new SafetensorsContent(stateMetadata, state));
            var (size, sha256) = Write(weightsName, new SafetensorsContent(weightsMetadata, weights));
            return (weightsName, size, sha256, WeightsHash.Of(weights), new StateFile(stateName, stateSize, stateSha256));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Also what is there in part, so that it does not take the room that others wait for.
            foreach (var path in new[] { PathOf(stateName), PathOf(weightsName) }.SelectMany(path => new[] { path, path + TemporarySuffix }))
            {
                if (OwnFile.KindOf(path) is not (FileKind.Nothing or FileKind.Folder))
                    File.Delete(path);
            }

            throw NoRoomException.Says(failure) ? new NoRoomException(failure) : CannotWrite(failure);
        }
    }

    private (long Size, string Sha256) Write(string name, SafetensorsContent content)
    {
        var temporary = PathOf(name) + TemporarySuffix;
        var written = WriteSynced(temporary, content);
        File.Move(temporary, PathOf(name), overwrite: true);
        return written;
    }

    private static (long Size, string Sha256) WriteSynced(string path, SafetensorsContent content)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        using var sha256 = SHA256.Create();
        using (var hashed = new CryptoStream(file, sha256, CryptoStreamMode.Write, leaveOpen: true))
            SafetensorsFile.Write(hashed, content);
        file.Flush(flushToDisk: true);
        return (file.Length, Convert.ToHexStringLower(sha256.Hash!));
    }

    private string PathOf(string name) => Path.Combine(_run.ScratchFolder, name);

    private TrainingFailure CannotWrite(Exception failure) => new($"The scratch folder cannot be written to: {failure.Message}",
        $"Check that {_run.ScratchFolder} exists, belongs to the hub's user and has free space.", failure);
}
