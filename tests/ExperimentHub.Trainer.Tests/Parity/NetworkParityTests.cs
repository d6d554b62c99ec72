using System.Globalization;
using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests.Parity;

/// <summary>Every layer, optimizer and option trains as PyTorch's does in float64. networks.py says how networks.json was made.</summary>
[Collection(nameof(Torch))]
public sealed class NetworkParityTests
{
    private const int Count = 96;
    private const int Size = 12;
    private const int Classes = 5;
    private const int BatchSize = 20;
    private const int Epochs = 5;

    private static readonly JsonElement Cases =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Parity", "networks.json"))).RootElement.GetProperty("cases");

    public static TheoryData<string> Names() => [.. Cases.EnumerateObject().Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void TrainingStep_FormulaWeights_GivesPyTorchsNumbers(string name)
    {
        var expected = Cases.GetProperty(name);
        var spec = new TrainingSpec
        {
            Model = new ModelSpec
            {
                Kind = ModelCatalog.Layers, Layers = expected.GetProperty("layers")
                .Deserialize<IReadOnlyList<Layer>>(ProtocolJson.Options)
            },
            Optimizer = expected.GetProperty("optimizer").Deserialize<OptimizerSpec>(ProtocolJson.Options)!,
            LabelSmoothing = expected.TryGetProperty("labelSmoothing", out var smoothing) ? smoothing.GetDouble() : 0,
            GradientNorm = true,
            BatchSize = BatchSize,
            Epochs = Epochs,
        };
        using var scope = NewDisposeScope();
        set_num_threads(1);
        var outline = ModelOutline.Of(spec.Model, new ImageShape(Size, Size, Classes));
        Assert.Empty(outline.Problems);
        using var network = NetworkBuilder.Build(outline);
        GiveFormulaWeights(network);
        using var images = DeviceImages.MoveTo(CPU, Images());
        using var trainingStep = new TrainingStep(spec, outline, network);
        var (losses, norms, correct) = (new List<float>(), new List<float>(), 0L);
        for (var epoch = 1; epoch <= Epochs; epoch++)
        {
            using var batches = new EpochBatches(images, [.. Enumerable.Range(0, Count).Select(image => (long)image)], epoch, BatchSize);
            trainingStep.TakeBlock(batches, 0, batches.Steps);
            var results = trainingStep.ReadBack();
            losses.AddRange(results.Losses);
            norms.AddRange(results.GradientNorms!);
            correct += results.Correct;
        }

        Close(Numbers(expected.GetProperty("losses")), losses, 2e-6, "loss");
        Close(Numbers(expected.GetProperty("gradientNorms")), norms, 1e-4, "gradient norm");
        Assert.Equal(expected.GetProperty("correct").GetInt64(), correct);
        var state = network.state_dict();
        foreach (var (key, wanted) in expected.GetProperty("state").EnumerateObject().Select(entry => (entry.Name, entry.Value)))
        {
            // PyTorch's nn.Sequential counts its layers.
            var layer = key.Split('.');
            Assert.True(state.Remove($"{outline.Steps[int.Parse(layer[0], CultureInfo.InvariantCulture)].Name}.{layer[1]}", out var tensor), key);
            var wide = tensor.to(float64);
            var total = wanted[1].GetDouble();
            Assert.True(Math.Abs(wide.abs().sum().item<double>() - total) <= 2e-5 * total + 1e-6,
                $"{key}: {wide.abs().sum().item<double>():R} instead of {total:R}");
            Assert.True(Math.Abs(wide.sum().item<double>() - wanted[0].GetDouble()) <= 2e-5 * total + 1e-6,
                $"{key}: {wide.sum().item<double>():R} instead of {wanted[0].GetDouble():R}");
        }

        Assert.Empty(state);
    }

    private static void Close(double[] expected, List<float> got, double tolerance, string what)
    {
        Assert.Equal(expected.Length, got.Count);
        for (var step = 0; step < expected.Length; step++)
            Assert.True(Math.Abs(got[step] - expected[step]) <= tolerance * expected[step],
                $"{what} of step {step + 1}: {got[step]:R} instead of {expected[step]:R}");
    }

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetDouble())];

    private static LabelledImages Images()
    {
        var pixels = new byte[Count * Size * Size];
        for (var at = 0; at < pixels.Length; at++)
        {
            var (image, row, column) = (at / (Size * Size), at / Size % Size, at % Size);
            pixels[at] = (byte)(image * 37 + row * 17 + column * 29 + row * column * 7);
        }

        return new LabelledImages(new IdxImages(pixels, Count, Size, Size),
            [.. Enumerable.Range(0, Count).Select(image => (byte)(image * 7 % Classes))]);
    }

    private static void GiveFormulaWeights(nn.Module<Tensor, Tensor> network)
    {
        using var withoutGradients = no_grad();
        var parameters = network.state_dict();
        // Batch normalisation starts with ones and zeros, as always; its weight is a row.
        foreach (var (name, weight) in parameters.Where(entry => entry.Key.EndsWith(".weight", StringComparison.Ordinal) && entry.Value.dim() > 1))
        {
            var scale = 1 / Math.Sqrt(weight[0].NumberOfElements);
            foreach (var tensor in new[] { weight, parameters[name.Replace(".weight", ".bias", StringComparison.Ordinal)] })
                tensor.copy_(from_array(Enumerable.Range(1, (int)tensor.NumberOfElements).Select(k => (float)(scale * Math.Sin(k))).ToArray())
                    .reshape(tensor.shape));
        }
    }
}
