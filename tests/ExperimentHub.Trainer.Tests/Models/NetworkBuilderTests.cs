using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Trainer.Models;

namespace ExperimentHub.Trainer.Tests.Models;

[Collection(nameof(Torch))]
public sealed class NetworkBuilderTests
{
    /// <summary>Building compares every real shape and count with the outline, and throws where they differ.</summary>
    [Theory]
    [InlineData(28, 28, 10)]
    [InlineData(32, 30, 26)]
    public void Build_EveryModel_IsWhatItsOutlineSays(int height, int width, int classes)
    {
        foreach (var model in ModelCatalog.All.Where(model => model.Kind != ModelCatalog.Layers))
        {
            var outline = ModelOutline.Of(new ModelSpec { Kind = model.Kind, BatchNorm = model.Kind == ModelCatalog.Mlp },
                new ImageShape(height, width, classes));
            using var network = NetworkBuilder.Build(outline);

            Assert.Equal(outline.Parameters, network.parameters().Sum(parameter => parameter.NumberOfElements));
        }
    }

    [Fact]
    public void Build_AllLayers_GivesPyTorchsNamesAndFreshStatistics()
    {
        IReadOnlyList<Layer> layers =
        [
            new BatchNormLayer(), new ConvLayer(6, 5, Stride: 2, Padding: 3), new MaxPoolLayer(3, Stride: 2, Padding: 1),
            new ActivationLayer(Activations.Silu), new AvgPoolLayer(2, Padding: 1),
            new DropoutLayer(0.3), new FlattenLayer(), new LinearLayer(9, "neck"), new BatchNormLayer(), new LinearLayer(10),
        ];
        using var network = NetworkBuilder.Build(ModelOutline.Of(layers, DatasetCatalog.Mnist.Shape));

        Assert.Equal(
            "bn1.bias bn1.num_batches_tracked bn1.running_mean bn1.running_var bn1.weight bn2.bias bn2.num_batches_tracked bn2.running_mean "
                + "bn2.running_var bn2.weight "
            + "conv1.bias conv1.weight fc2.bias fc2.weight neck.bias neck.weight",
            string.Join(' ', network.state_dict().Keys.Order(StringComparer.Ordinal)));
        Assert.Equal(0, network.state_dict()["bn1.num_batches_tracked"].item<long>());
        Assert.Equal(0, network.state_dict()["bn1.running_mean"].abs().sum().item<float>());
    }
}
