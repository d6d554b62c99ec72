using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests.Parity;

/// <summary>The same weights and the same batches give PyTorch's losses. parity.py says how parity.json was made.</summary>
[Collection(nameof(Torch))]
public sealed class ParityTests
{
    [Fact]
    public async Task TrainingStep_FormulaWeightsAndOrder_GivesPyTorchsLossesAndAccuracy()
    {
        var data = await RealMnist.GetAsync();
        using var trace = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Parity", "parity.json")));
        var expectedLosses = trace.RootElement.GetProperty("float64_losses_first_200_steps").EnumerateArray()
            .Select(value => value.GetDouble()).ToArray();
        var expectedCorrect = trace.RootElement.GetProperty("float64_test_correct_after_epoch_1").GetInt32();

        using var scope = NewDisposeScope();
        set_num_threads(1);
        var (spec, outline) = (new TrainingSpec(), ModelOutline.Of(new ModelSpec(), DatasetCatalog.Mnist.Shape));
        using var network = NetworkBuilder.Build(outline);
        GiveFormulaWeights(network);
        using var train = DeviceImages.MoveTo(CPU, data.Train);
        using var test = DeviceImages.MoveTo(CPU, data.Test);
        using var trainingStep = new TrainingStep(spec, outline, network);
        long[] order = [.. Enumerable.Range(0, data.Train.Count).Select(position => (long)position * 7_919 % 60_000)];
        using var batches = new EpochBatches(train, order, epoch: 1, spec.BatchSize);

        // The first 200 steps in two blocks, since where blocks are cut must not matter.
        trainingStep.TakeBlock(batches, 0, 70);
        trainingStep.TakeBlock(batches, 70, 130);
        var losses = trainingStep.ReadBack().Losses;
        trainingStep.TakeBlock(batches, 200, batches.Steps - 200);

        var worst = expectedLosses.Select((expected, step) => Math.Abs(losses[step] - expected) / expected).Max();
        Assert.True(worst < 2e-6, $"the worst relative difference is {worst:E2}");
        using var withoutGradients = no_grad();
        var (testInputs, testLabels) = test.Batch(0, data.Test.Count);
        var correct = network.forward(testInputs).argmax(1).eq(testLabels).sum().item<long>();
        Assert.InRange(correct, expectedCorrect - 3, expectedCorrect + 3);
    }

    private static void GiveFormulaWeights(nn.Module<Tensor, Tensor> network)
    {
        using var withoutGradients = no_grad();
        var parameters = network.state_dict();
        var weights = Enumerable.Range(0, 10 * 784).Select(position => (float)(0.03 * Math.Sin(position))).ToArray();
        parameters["fc.weight"].copy_(tensor(weights).reshape(10, 784));
        parameters["fc.bias"].zero_();
    }
}
