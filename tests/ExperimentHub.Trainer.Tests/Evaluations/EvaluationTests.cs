using System.Runtime.InteropServices;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests.Evaluations;

/// <summary>What a run tells of its images, against the same arithmetic in plain C# and double precision on the saved weights.</summary>
[Collection(nameof(Torch))]
public sealed class EvaluationTests : IDisposable
{
    // More than two batches, the last one smaller; hard enough for mistakes to remain.
    private static readonly ImageData Data = TinyData.Create(train: 700, test: 2_300);
    private static readonly TrainingSpec Spec = new()
    {
        Epochs = 1, Validation = new ValidationSplit { Samples = 300 }, Optimizer = new OptimizerSpec { LearningRate = 0.0005 },
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_Epoch_TellsThePredictionsOfEveryTestImage()
    {
        var (told, _) = Train();
        var expected = Images(Data.Test);

        Assert.Equal((1, 10), (told.Epoch, told.Classes));
        Assert.Equal(expected.Select(image => image.Prediction), told.Predictions.Select(prediction => (int)prediction));
        var confusion = new int[100];
        foreach (var image in expected)
            confusion[image.Label * 10 + image.Prediction]++;
        Assert.Equal(confusion, told.Confusion);
    }

    [Fact]
    public void Run_Epoch_TellsTheHundredWorstImages()
    {
        var (told, _) = Train();
        var expected = Images(Data.Test);

        Assert.Equal(100, told.Worst.Count);
        Assert.Equal(100, told.Worst.Select(worst => worst.Index).Distinct().Count());
        Assert.All(told.Worst, worst =>
        {
            var image = expected[worst.Index];
            Assert.Equal((image.Label, image.Prediction), (worst.Label, worst.Prediction));
            Assert.Equal(image.Loss, worst.Loss, 1e-4);
            Assert.Equal(image.Confidence, worst.Confidence, 1e-5);
        });
        Assert.Equal(told.Worst.OrderByDescending(worst => worst.Loss), told.Worst);
        var hundredth = expected.Select(image => image.Loss).OrderDescending().ElementAt(99);
        Assert.Equal(hundredth, told.Worst[^1].Loss, 1e-4);
    }

    [Fact]
    public void Run_Epoch_TellsLossAndAccuracyOfTestAndHeldBackImages()
    {
        var (_, epoch) = Train();

        AssertMean(Images(Data.Test), epoch.TestLoss, epoch.TestAccuracy);
        AssertMean(Images(HeldBack.From(Data.Train, Spec.Validation).HeldBack!), epoch.ValidationLoss!.Value, epoch.ValidationAccuracy!.Value);
        Assert.InRange(epoch.TestAccuracy, 0.2, 0.99);
    }

    private static void AssertMean(List<Image> images, double loss, double accuracy)
    {
        Assert.Equal(images.Average(image => image.Loss), loss, 1e-6);
        Assert.Equal(images.Count(image => image.Label == image.Prediction) / (double)images.Count, accuracy);
    }

    private (EpochEvaluated Told, EpochFinished Epoch) Train()
    {
        var events = TinyData.Train(TinyData.Start(_folder.Path, Spec), Data);
        return (Assert.Single(events.Of<EpochEvaluated>()), Assert.Single(events.Of<EpochFinished>()));
    }

    private List<Image> Images(LabelledImages images)
    {
        var saved = SavedTensors.Read(_folder[CheckpointName.For(1, 1)]).Tensors.ToDictionary(tensor => tensor.Name,
            tensor => MemoryMarshal.Cast<byte, float>(tensor.Data.Span).ToArray());
        var (weights, bias) = (saved["fc.weight"], saved["fc.bias"]);
        return [.. Enumerable.Range(0, images.Count).Select(i =>
        {
            var pixels = images.Images.Pixels.AsSpan(i * 784, 784).ToArray().Select(pixel => (pixel / 255.0 - 0.5) / 0.5).ToArray();
            var scores = Enumerable.Range(0, 10).Select(k => bias[k] + pixels.Select((pixel, p) => pixel * weights[k * 784 + p]).Sum()).ToArray();
            var total = Math.Log(scores.Sum(Math.Exp));
            var prediction = Array.IndexOf(scores, scores.Max());
            return new Image(images.Labels[i], prediction, total - scores[images.Labels[i]], Math.Exp(scores[prediction] - total));
        })];
    }

    private sealed record Image(int Label, int Prediction, double Loss, double Confidence);
}
