using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// The trainer alone, on one device: how soon a small CNN reads 99 % of the digits, whether memory stays where it is, how many images a second each
/// model trains at each batch size, and on a GPU what the lower precisions do and what is said when its memory is too small.
/// </summary>
internal static class EngineBenchmark
{
    private const int Seeds = 10;
    private const int FirstSeed = 11;

    private static readonly int[] BatchSizes = [32, 128, 512, 2_048, 4_096, 16_384];

    /// <summary>
    /// The recipe of a published 762 ms run on a laptop GPU (tuomaso/train_mnist_fast), kept as it is; seeds 1 to 3 were looked at before, the ten
    /// were not.
    /// </summary>
    private static readonly TrainingSpec SmallCnn = new()
    {
        Model = new ModelSpec { Kind = ModelCatalog.SmallCnn },
        Epochs = 1,
        BatchSize = 256,
        Optimizer = new OptimizerSpec { Kind = OptimizerSpec.Adam, LearningRate = 0.01, Beta1 = 0.7, Beta2 = 0.9 },
        LearningRateSchedule = new LearningRateSchedule { Kind = LearningRateSchedule.OneCycle },
    };

    /// <summary>A user's own network, so that nothing is fast for the catalog alone.</summary>
    private static readonly ModelSpec OwnLayers = new()
    {
        Kind = ModelCatalog.Layers,
        Layers =
        [
            new ConvLayer(16, Kernel: 3, Padding: 1), new BatchNormLayer(), new ActivationLayer(), new MaxPoolLayer(2),
            new ConvLayer(32, Kernel: 3, Padding: 1), new BatchNormLayer(), new ActivationLayer(), new MaxPoolLayer(2),
            new FlattenLayer(), new DropoutLayer(0.25), new LinearLayer(10),
        ],
    };

    public static async Task<IReadOnlyList<Row>> RunAsync(string device)
    {
        List<Row> rows = [.. await ToNinetyNineAsync(device), await MemoryAsync(device), .. await BatchSizesAsync(device)];
        if (device != "cpu")
            rows.AddRange([.. await PrecisionsAsync(device), await OutOfMemoryAsync(device)]);
        return rows;
    }

    private static async Task<IReadOnlyList<Row>> ToNinetyNineAsync(string device)
    {
        var (seconds, accuracies) = (new List<double>(), new List<double>());
        for (var seed = FirstSeed; seed < FirstSeed + Seeds; seed++)
        {
            var epochs = (await TrainerRun.TrainAsync(SmallCnn with { Seed = seed }, device)).OfType<EpochFinished>().ToList();
            seconds.Add(epochs.Sum(epoch => epoch.Seconds));
            accuracies.Add(epochs[^1].TestAccuracy * 100);
            Console.WriteLine($"small CNN, seed {seed}: {seconds[^1]:0.00} s, {accuracies[^1]:0.00} %");
        }

        return
        [
            new Row($"small CNN on {device}, 1 epoch, training part", "s", seconds),
            new Row($"its test accuracy, {Seeds} seeds, mean {accuracies.Average().ToString("0.000", CultureInfo.InvariantCulture)}", "%",
                accuracies),
        ];
    }

    private static async Task<Row> MemoryAsync(string device)
    {
        var told = await TrainerRun.TrainAsync(new TrainingSpec { Epochs = 6 }, device);
        // The first report of the epoch that follows: so evaluation and checkpoint are in it.
        double AfterEpoch(int epoch) => told.OfType<TrainingProgress>().First(progress => progress.Epoch == epoch + 1).MemoryBytes!.Value;
        return new Row($"resident memory on {device}, tutorial, after epoch 5 / after epoch 1", "x", [AfterEpoch(5) / AfterEpoch(1)]);
    }

    private static async Task<IReadOnlyList<Row>> BatchSizesAsync(string device)
    {
        var rows = new List<Row>();
        ModelSpec[] models =
            [.. ModelCatalog.All.Select(model => model.Kind == ModelCatalog.Layers ? OwnLayers : new ModelSpec { Kind = model.Kind })];
        foreach (var model in models)
        {
            foreach (var batchSize in BatchSizes)
            {
                var spec = new TrainingSpec { Model = model, BatchSize = batchSize, Epochs = 1_000, StopRules = new StopRules { MaxSeconds = 3 } };
                rows.Add(Speed($"{model.Kind}, batches of {batchSize:N0} on {device}", await TrainerRun.TrainAsync(spec, device)));
            }
        }

        return rows;
    }

    private static async Task<IReadOnlyList<Row>> PrecisionsAsync(string device)
    {
        var rows = new List<Row>();
        foreach (var precision in Precisions.All)
        {
            var told = await TrainerRun.TrainAsync(SmallCnn with { BatchSize = 2_048, Epochs = 5, Precision = precision }, device);
            var losses = told.OfType<EpochFinished>().Select(epoch => epoch.TrainLoss.ToString("R", CultureInfo.InvariantCulture));
            Console.WriteLine(
                $"{precision}, losses of five epochs (they must differ between the precisions, and not by much): {string.Join(", ", losses)}");
            rows.Add(Speed($"small CNN, batches of 2,048, {precision} on {device}", told));
        }

        return rows;
    }

    /// <summary>As much as a spec can ask for; a GPU with more memory than that trains it.</summary>
    private static async Task<Row> OutOfMemoryAsync(string device)
    {
        var huge = new TrainingSpec
        {
            Epochs = 1, BatchSize = 60_000,
            Model = new ModelSpec
            {
                Kind = ModelCatalog.Layers,
                Layers = [new ConvLayer(180, Kernel: 3, Padding: 1), new ActivationLayer(Activations.Gelu), new MaxPoolLayer(4), new FlattenLayer(),
                    new LinearLayer(10)]
            },
        };
        if (huge.Validate() is { Count: > 0 } problems)
            throw new InvalidOperationException(problems[0].Message);
        var end = (await TrainerRun.TrainAsync(huge, device))[^1];
        if (end is TrainingFailed failed)
            Console.WriteLine($"too large for the GPU: {failed.Reason} {failed.Remedy}");
        return new Row($"a network too large for the memory of {device} ends with advice", "1 = yes",
            [end is TrainingFailed { Remedy: not null } ? 1 : 0]);
    }

    /// <summary>The first reports are left out: torch takes its memory and loads its kernels then.</summary>
    private static Row Speed(string what, IReadOnlyList<TrainerEvent> told)
    {
        var progress = told.OfType<TrainingProgress>().Select(report => report.SamplesPerSecond).ToList();
        return told[^1] is TrainingFailed failed
            ? new Row(what, "images/s", [], failed.Reason) : new Row(what, "images/s", [.. progress.Count > 4 ? progress[2..] : progress[^1..]]);
    }
}
