using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Native;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// Saves the network after an epoch. A file under a final name is always complete: it is written under a temporary name, synced, renamed, and
/// the rename is synced too, so that neither a kill nor a power cut can leave half a checkpoint.
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
                File.Delete(leftover);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(failure);
        }
    }

    /// <exception cref="TrainingFailure">The file cannot be written, for instance because the disk is full. Earlier checkpoints are untouched.</exception>
    public CheckpointSaved Save(int epoch, nn.Module<Tensor, Tensor> network, double testLoss, double testAccuracy)
    {
        var name = CheckpointName.For(_run.Attempt, epoch);
        var path = Path.Combine(_run.CheckpointFolder, name);
        var temporary = path + TemporarySuffix;
        try
        {
            var (size, sha256) = WriteSynced(temporary, new SafetensorsContent(Metadata(epoch, testLoss, testAccuracy), Tensors(network)));
            File.Move(temporary, path, overwrite: true);
            LibC.SyncFolder(_run.CheckpointFolder);
            return new CheckpointSaved(epoch, name, size, sha256);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw CannotWrite(failure);
        }
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

    private static List<SafetensorsTensor> Tensors(nn.Module<Tensor, Tensor> network)
    {
        using var scope = NewDisposeScope();
        return [.. network.state_dict().Select(entry =>
        {
            var values = entry.Value.detach().cpu().contiguous().data<float>().ToArray();
            return new SafetensorsTensor(entry.Key, "F32", entry.Value.shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        })];
    }

    // No time and no machine in here: the same run gives the same bytes.
    private Dictionary<string, string> Metadata(int epoch, double testLoss, double testAccuracy) => new()
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

    private TrainingFailure CannotWrite(Exception failure) => new($"The checkpoint folder cannot be written to: {failure.Message}",
        $"Check that {_run.CheckpointFolder} exists, belongs to the hub's user and has free space.", failure);
}
