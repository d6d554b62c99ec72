using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests;

/// <summary>A small data set that is easy to learn: the class is the lit pair of rows, in some noise.</summary>
internal static class TinyData
{
    public static readonly string Sha256 = new('d', 64);

    public static ImageData Create(int train = 200, int test = 50) => new(Labelled(train, 1), Labelled(test, 2), 10, Sha256);

    public static StartTraining Start(string folder, TrainingSpec? spec = null, int attempt = 1) =>
        new(new string('a', 32), attempt, spec ?? new TrainingSpec { Epochs = 2 }, "cpu", folder, folder, "1.2.3");

    /// <summary>Trains in this process.</summary>
    public static RecordedEvents Train(StartTraining start, ImageData? data = null, Action<TrainerEvent>? onEvent = null, List<string>? log = null,
        Func<bool>? mustStop = null)
    {
        var events = new RecordedEvents(onEvent);
        new TrainingLoop(start, data ?? Create(), new DeviceInfo("cpu", 0, "test"), events.Writer, line => log?.Add(line),
            mustStop ?? (() => false)).Run();
        return events;
    }

    private static LabelledImages Labelled(int count, int seed)
    {
        var random = new Random(seed);
        var pixels = new byte[count * 28 * 28];
        random.NextBytes(pixels);
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] /= 8;
        var labels = new byte[count];
        for (var i = 0; i < count; i++)
        {
            labels[i] = (byte)random.Next(10);
            pixels.AsSpan(i * 784 + labels[i] * 56, 56).Fill(200);
        }

        return new LabelledImages(new IdxImages(pixels, count, 28, 28), labels);
    }
}
