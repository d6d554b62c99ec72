using System.Globalization;
using System.Security.Cryptography;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Native;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// Saves the network after an epoch, and beside it the state that resuming needs. A file under a final name is always complete: it is written
/// under a temporary name, synced, renamed, and the rename is synced too, so that neither a kill nor a power cut can leave half a checkpoint.
/// </summary>
internal sealed class CheckpointWriter
{
    private const string TemporarySuffix = ".writing";

    private readonly StartTraining _run;

    /// <exception cref="TrainingFailure">The folder cannot be used.</exception>
    public CheckpointWriter(StartTraining run)
    {
        _run = run;
        try
        {
            // Only this run writes here and only one attempt lives at a time: what is left over belongs to an attempt that was killed.
            foreach (var leftover in Directory.EnumerateFiles(run.CheckpointFolder, "*" + TemporarySuffix))
            {
                if (CheckpointName.IsValid(Path.GetFileName(leftover)[..^TemporarySuffix.Length]))
                    File.Delete(leftover);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(failure);
        }
    }

    /// <summary>Both files are on the disk when this returns, so a checkpoint that was reported can be resumed.</summary>
    /// <exception cref="TrainingFailure">
    /// They cannot be written, for instance because the disk is full. Nothing of this epoch is left, earlier checkpoints are untouched.
    /// </exception>
    public CheckpointSaved Save(int epoch, nn.Module<Tensor, Tensor> network, TrainingStep trainingStep, double testLoss, double testAccuracy)
    {
        var (weights, state) = (CheckpointName.For(_run.Attempt, epoch), CheckpointName.StateFor(_run.Attempt, epoch));
        try
        {
            var (stateSize, stateSha256) = Write(state, new SafetensorsContent(StateMetadata(epoch), State(trainingStep)));
            var (size, sha256) = Write(weights, new SafetensorsContent(WeightsMetadata(epoch, testLoss, testAccuracy), Weights(network)));
            LibC.SyncFolder(_run.CheckpointFolder);
            return new CheckpointSaved(epoch, weights, size, sha256, new StateFile(state, stateSize, stateSha256));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            foreach (var path in new[] { PathOf(state), PathOf(weights) }.SelectMany(path => new[] { path, path + TemporarySuffix }).Where(File.Exists))
                File.Delete(path);
            throw CannotWrite(failure);
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

    private static List<SafetensorsTensor> Weights(nn.Module<Tensor, Tensor> network)
    {
        using var scope = NewDisposeScope();
        return [.. network.state_dict().Select(entry => TensorBytes.Save(entry.Key, entry.Value))];
    }

    private static List<SafetensorsTensor> State(TrainingStep trainingStep)
    {
        using var scope = NewDisposeScope();
        return
        [
            .. trainingStep.State.Select(entry => TensorBytes.Save(entry.Name, entry.Tensor)),
        ];
    }

    // No time and no machine's name in here: the same run gives the same bytes.
    private Dictionary<string, string> WeightsMetadata(int epoch, double testLoss, double testAccuracy) => new()
    {
        ["format"] = "pt",
        ["spec"] = ProtocolJson.Write(_run.Spec),
        ["runId"] = _run.RunId,
        ["attempt"] = _run.Attempt.ToString(CultureInfo.InvariantCulture),
        ["epoch"] = epoch.ToString(CultureInfo.InvariantCulture),
        ["testAccuracy"] = testAccuracy.ToString("R", CultureInfo.InvariantCulture),
        ["testLoss"] = testLoss.ToString("R", CultureInfo.InvariantCulture),
        ["torchVersion"] = __version__,
        ["appVersion"] = _run.AppVersion,
    };

    private Dictionary<string, string> StateMetadata(int epoch) => new()
    {
        ["format"] = StateFormat.Name,
        ["version"] = StateFormat.Version,
        ["spec"] = ProtocolJson.Write(_run.Spec),
        ["runId"] = _run.RunId,
        ["attempt"] = _run.Attempt.ToString(CultureInfo.InvariantCulture),
        ["epoch"] = epoch.ToString(CultureInfo.InvariantCulture),
        ["torchVersion"] = __version__,
        ["threads"] = get_num_threads().ToString(CultureInfo.InvariantCulture),
        ["device"] = _run.Device,
    };

    private string PathOf(string name) => Path.Combine(_run.CheckpointFolder, name);

    private TrainingFailure CannotWrite(Exception failure) => new($"The checkpoint folder cannot be written to: {failure.Message}",
        $"Check that {_run.CheckpointFolder} exists, belongs to the hub's user and has free space.", failure);
}
