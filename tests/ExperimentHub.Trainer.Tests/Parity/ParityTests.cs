using System.Text.Json;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests.Parity;

/// <summary>The same weights and the same batches give PyTorch's losses. parity.py says how parity.json was made.</summary>
[Collection(nameof(Torch))]
public sealed class ParityTests
{
    private const int Steps = 1_875;
    private const int BatchSize = 32;

    [Fact]
    public async Task TrainingStep_FormulaWeightsAndOrder_GivesPyTorchsLossesAndAccuracy()
    {
        var data = await RealMnist.GetAsync();
        using var trace = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Parity", "parity.json")));
        var expectedLosses = trace.RootElement.GetProperty("float64_losses_first_200_steps").EnumerateArray().Select(value => value.GetDouble()).ToArray();
        var expectedCorrect = trace.RootElement.GetProperty("float64_test_correct_after_epoch_1").GetInt32();

        using var scope = NewDisposeScope();
        set_num_threads(1);
        using var network = NetworkBuilder.Build(ModelOutline.Of(new ModelSpec(), DatasetCatalog.Mnist.Shape));
        GiveFormulaWeights(network);
        var order = Enumerable.Range(0, data.Train.Count).Select(position => (long)position * 7_919 % 60_000).ToArray();
        using var resident = DeviceImages.MoveTo(CPU, data.Train);
        using var train = resident.InOrder(order);
        using var test = DeviceImages.MoveTo(CPU, data.Test);
        using var trainingStep = new TrainingStep(network, new OptimizerSpec());

        var losses = new double[Steps];
        for (var step = 0; step < Steps; step++)
        {
            using var stepScope = NewDisposeScope();
            var (inputs, labels) = train.Batch((long)step * BatchSize, BatchSize);
            losses[step] = trainingStep.Take(inputs, labels).item<float>();
        }

        var worst = expectedLosses.Select((expected, step) => Math.Abs(losses[step] - expected) / expected).Max();
        Assert.True(worst < 1e-5, $"the worst relative difference is {worst:E2}");
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
