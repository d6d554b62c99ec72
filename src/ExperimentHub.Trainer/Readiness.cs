using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Hub;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer;

/// <summary>
/// What a trainer has done of a training before it is told which: torch is loaded, a data set read, and every step gone through once in small, so
/// that .NET has compiled the code and torch has made what it makes at the first call. The training that follows sets its own seed and its own number
/// of threads; its results are those of a trainer that was not ready.
/// </summary>
/// <param name="externalLibTorch">See <see cref="LibTorch.Load"/>.</param>
/// <param name="log">Takes lines for the log.</param>
internal sealed class Readiness(string? externalLibTorch, Action<string> log)
{
    /// <summary>Two batches of the tutorial, so that the step after the first is rehearsed as well.</summary>
    private const int RehearsedImages = 64;

    private bool _hasTorch;
    private (DatasetInfo Info, ImageData Data)? _read;

    /// <exception cref="TrainingFailure">It cannot be loaded.</exception>
    public void LoadTorch()
    {
        if (_hasTorch)
            return;
        log($"info: {LibTorch.Load(externalLibTorch)}");
        _hasTorch = true;
    }

    /// <summary>Gets ready. Nothing that fails here fails the training: what it needs it tries again, and then says why it cannot.</summary>
    /// <param name="isAwaited">Whether the training waits already: then the rehearsal is given up.</param>
    public void StandBy(StandBy order, Func<bool> isAwaited)
    {
        try
        {
            LoadTorch();
            Read(order);
            Rehearse(order, isAwaited);
        }
        catch (Exception e)
        {
            log($"warn: Getting ready before there was a run did not succeed: {Failures.Explain(e).Message}");
        }
    }

    /// <summary>Gives away what was read.</summary>
    /// <returns>null where it is not this data set.</returns>
    public ImageData? TakeData(DatasetInfo dataset)
    {
        var read = _read;
        _read = null;
        // It was compared with the published hashes as it was read. One of the hub's own can have the key of a published one; it is another object.
        return ReferenceEquals(read?.Info, dataset) ? read?.Data : null;
    }

    private void Read(StandBy order)
    {
        if (DatasetCatalog.Find(order.Dataset) is not { } dataset
            || dataset.Files.Any(file => !VerifiedFile.Places(order.DatasetFolder, dataset, file).Any(File.Exists)))
            return;
        var store = new DatasetStore(order.DatasetFolder, _ => [], new FetchProgress((_, _) => { }, () => { }), log);
        _read = (dataset, store.LoadAsync(dataset, CancellationToken.None).GetAwaiter().GetResult());
    }

    private static void Rehearse(StandBy order, Func<bool> isAwaited)
    {
        var spec = new TrainingSpec { Epochs = 1 };
        var dataset = DatasetCatalog.Find(spec.Dataset)!;
        var folder = Directory.CreateDirectory(Path.Combine(order.ScratchFolder, $"rehearsal-{Environment.ProcessId}"));
        try
        {
            var start = new StartTraining(new string('0', 32), 1, spec, DeviceRequest.Cpu, folder.FullName, order.DatasetFolder, "rehearsal");
            var images = new LabelledImages(new IdxImages(new byte[RehearsedImages * 28 * 28], RehearsedImages, 28, 28), new byte[RehearsedImages]);
            var data = new ImageData(images, images, dataset.Classes, new string('0', 64));
            new TrainingLoop(start, data, new DeviceInfo(DeviceRequest.Cpu, 0, DeviceRequest.Cpu), new EventWriter(_ => { }), _ => { },
                isAwaited).Run();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
