using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;

namespace ExperimentHub.Protocol.Tests.Models;

public sealed class ModelOutlineTests
{
    private static readonly ImageShape Mnist = DatasetCatalog.Mnist.Shape;

    // The counts of LeNet-5 are those of the textbook (61,706); the others are added up by hand.
    [Theory]
    [InlineData(ModelCatalog.SimpleNn, 7_850, 15_680)]
    [InlineData(ModelCatalog.Mlp, 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10, 2 * (784 * 256 + 256 * 128 + 128 * 10))]
    [InlineData(ModelCatalog.LeNet5, 61_706, 2 * (28 * 28 * 6 * 25 + 100 * 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10))]
    [InlineData(ModelCatalog.SmallCnn, 24 * 26 + 32 * (24 * 9 + 1) + 801 * 256 + 2_570,
        2 * (24 * 24 * 24 * 25 + 100 * 32 * 24 * 9 + 800 * 256 + 2_560))]
    public void Outline_OfCatalog_CountsParametersAndOperations(string kind, long parameters, long flops)
    {
        var outline = ModelOutline.Of(new ModelSpec { Kind = kind }, Mnist);

        Assert.Empty(outline.Problems);
        Assert.Equal((parameters, 0, flops), (outline.Parameters, outline.Buffers, outline.FlopsPerSample));
    }

    [Theory]
    [InlineData(ModelCatalog.SimpleNn)]
    [InlineData(ModelCatalog.Mlp)]
    [InlineData(ModelCatalog.LeNet5)]
    [InlineData(ModelCatalog.SmallCnn)]
    public void Outline_OtherDataSet_EndsInItsClasses(string kind) =>
        Assert.Equal([26], ModelOutline.Of(new ModelSpec { Kind = kind }, new ImageShape(32, 30, 26)).Steps[^1].Output);

    [Fact]
    public void Outline_Windows_FollowPyTorchsShapes()
    {
        var outline = ModelOutline.Of(
        [
            new ConvLayer(8, Kernel: 5, Stride: 2, Padding: 1), new BatchNormLayer(), new MaxPoolLayer(3, Stride: 2, Padding: 1), new AvgPoolLayer(2),
            new FlattenLayer(), new LinearLayer(10),
        ], Mnist);

        Assert.Equal(["8 x 13 x 13", "8 x 13 x 13", "8 x 7 x 7", "8 x 3 x 3", "72", "10"],
            outline.Steps.Select(step => string.Join(" x ", step.Output)));
        Assert.Equal((16, 17), (outline.Steps[1].Parameters, outline.Steps[1].Buffers));
    }

    [Fact]
    public void Names_SomeGiven_WinAndTheOthersAreNumberedByType()
    {
        var outline = ModelOutline.Of(
            [new ConvLayer(2, 3), new BatchNormLayer(), new ConvLayer(2, 3, Name: "stem"), new ConvLayer(2, 3), new FlattenLayer(),
                new LinearLayer(5, "fc2"), new ActivationLayer(), new LinearLayer(10)], Mnist);

        Assert.Equal(["conv1", "bn1", "stem", "conv3", "flatten", "fc2", "relu", "fc3"], outline.Steps.Select(step => step.Name));
    }

    public static TheoryData<string, string, string> Impossible() => new()
    {
        { """[{"type":"linear","outFeatures":10}]""", "model.layers[0]",
            "Layer 1 (linear): it needs a row of numbers, but gets images of 1 x 28 x 28. Put a flatten layer before it." },
        { """[{"type":"conv","outChannels":4,"kernel":29},{"type":"flatten"}]""", "model.layers[0]",
            "Layer 1 (conv): a window of 29 x 29 does not fit into images of 28 x 28." },
        { """[{"type":"max-pool","kernel":20},{"type":"avg-pool","kernel":2}]""", "model.layers[1]",
            "Layer 2 (avg-pool): a window of 2 x 2 does not fit into images of 1 x 1." },
        { """[{"type":"flatten"},{"type":"conv","outChannels":4,"kernel":3}]""", "model.layers[1]",
            "Layer 2 (conv): it needs images, but gets a row of 784 numbers." },
        { """[{"type":"flatten"},{"type":"flatten"}]""", "model.layers[1]", "in a row already" },
        { """[{"type":"flatten"},{"type":"linear","outFeatures":9}]""", "model.layers[1]",
            "ends with 9 numbers for each image, but the data set has 10 classes" },
        { """[{"type":"conv","outChannels":10,"kernel":3}]""", "model.layers[0]", "ends with images of 10 x 26 x 26" },
        { """[{"type":"flatten"},{"type":"linear"}]""", "model.layers[1].outFeatures",
            "Layer 2 (linear): a dense layer has 1 to 65,536 outputs; 0 is not in between." },
        { """[{"type":"conv","outChannels":0,"kernel":3}]""", "model.layers[0].outChannels", "1 to 4,096 channels" },
        { """[{"type":"conv","outChannels":4}]""", "model.layers[0].kernel", "1 to 64 pixels" },
        { """[{"type":"conv","outChannels":4,"kernel":3,"stride":0}]""", "model.layers[0].stride", "stride is 1 to 64" },
        { """[{"type":"conv","outChannels":4,"kernel":3,"padding":3}]""", "model.layers[0].padding", "0 to 2 pixels" },
        { """[{"type":"max-pool","kernel":2,"padding":2}]""", "model.layers[0].padding", "0 to 1 pixels (half of its window)" },
        { """[{"type":"activation","function":"softmax"}]""", "model.layers[0].function", "relu, leaky-relu" },
        { """[{"type":"dropout","probability":1}]""", "model.layers[0].probability", "less than 1" },
        { """[null]""", "model.layers[0]", "Layer 1 (empty)" },
        { """[{"type":"flatten"},{"type":"linear","outFeatures":10,"name":"Fc"}]""", "model.layers[1].name", "'Fc' cannot be" },
        { """[{"type":"flatten"},{"type":"linear","outFeatures":10,"name":"fc1\n"}]""", "model.layers[1].name", "cannot be" },
        { """[{"type":"flatten"},{"type":"linear","outFeatures":4,"name":"fc"},{"type":"linear","outFeatures":10,"name":"fc"}]""",
            "model.layers[2].name", "layer 2 is called 'fc' already" },
        { """[{"type":"conv","outChannels":4096,"kernel":3,"padding":2},{"type":"conv","outChannels":4096,"kernel":64,"padding":63}]""",
            "model.layers[1]", "numbers of one image" },
        { """[{"type":"flatten"},{"type":"linear","outFeatures":65536},{"type":"linear","outFeatures":2000},{"type":"linear","outFeatures":10}]""",
            "model.layers", "at most 100,000,000" },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Outline_ImpossibleNetwork_NamesTheLayerAndTheReason(string layers, string field, string message)
    {
        var spec = ProtocolJson.Read<TrainingSpec>($$$"""{"model":{"kind":"layers","layers":{{{layers}}}}}""");

        var problem = Assert.Single(spec.Validate());

        Assert.Equal(field, problem.Field);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Outline_NothingToTrain_IsRefused() =>
        Assert.Contains("nothing to train", Assert.Single(ModelOutline.Of([new FlattenLayer()], new ImageShape(2, 5, 10)).Problems).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Outline_TooManyLayers_IsRefused() =>
        Assert.Contains("1 to 100 layers", Assert.Single(
            ModelOutline.Of([.. Enumerable.Repeat<Layer>(new ActivationLayer(), 101)], Mnist).Problems).Message, StringComparison.Ordinal);

    [Fact]
    public void Outline_CatalogsNetworkDoesNotFit_IsAProblemOfTheKind()
    {
        var problem = Assert.Single(ModelOutline.Of(new ModelSpec { Kind = ModelCatalog.SmallCnn }, new ImageShape(8, 8, 10)).Problems);

        Assert.Equal("model.kind", problem.Field);
        Assert.Contains("Small CNN cannot be trained on images of 8 x 8. Layer 4 (conv)", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OptimizerSpec.Sgd, 1)]
    [InlineData(OptimizerSpec.Adam, 2)]
    [InlineData(OptimizerSpec.RmsProp, 1)]
    public void Memory_OfTheTutorial_IsItsWeightsAndItsData(string optimizer, int states)
    {
        var spec = new TrainingSpec { Optimizer = new OptimizerSpec { Kind = optimizer } };

        var memory = MemoryEstimate.Of(spec, ModelOutline.Of(spec.Model, Mnist), DatasetCatalog.Mnist);

        Assert.Equal((31_400, 31_400, 31_400 * states), (memory.Weights, memory.Gradients, memory.OptimizerState));
        Assert.Equal(70_000L * (784 + 8) + 60_000 * 8, memory.Data);
        Assert.Equal(32 * 4 * (784 + 10 + 2 * 784), memory.Activations);
    }
}
