namespace ExperimentHub.Protocol.Models;

/// <summary>A model that a person can choose.</summary>
/// <param name="Kind">The key in a spec.</param>
/// <param name="Name">The name on the screen.</param>
/// <param name="Description">One sentence for the person who chooses.</param>
public sealed record ModelInfo(string Kind, string Name, string Description);

/// <summary>The models, described without torch so that the form can show their shapes and the trainer can build them from the same list.</summary>
public static class ModelCatalog
{
    public const string SimpleNn = "simple-nn";
    public const string Mlp = "mlp";
    public const string LeNet5 = "lenet-5";
    public const string SmallCnn = "small-cnn";

    /// <summary>The network is the spec's own list of layers.</summary>
    public const string Layers = "layers";

    public static IReadOnlyList<ModelInfo> All { get; } =
    [
        new(SimpleNn, "SimpleNN", "The tutorial's model: every pixel straight to one score for each class. About 91 % on MNIST."),
        new(Mlp, "MLP", "Dense layers only, as many and as wide as you like. About 98 % on MNIST."),
        new(LeNet5, "LeNet-5", "The network that read cheques in 1998. About 99 % on MNIST after ten epochs."),
        new(SmallCnn, "Small CNN", "Two convolutions and two dense layers. About 99 % on MNIST after five epochs."),
        new(Layers, "Layers", "A network of your own, layer by layer."),
    ];

    /// <summary>The hidden layers of an MLP whose spec does not say.</summary>
    public static IReadOnlyList<int> UsualHiddenSizes { get; } = [256, 128];

    public static ModelInfo? Find(string? kind) => All.FirstOrDefault(model => model.Kind == kind);

    /// <summary>
    /// The network of a model, from image to class scores; what the trainer builds. Empty where the kind is unknown or has no layers yet.
    /// </summary>
    /// <param name="classes">Scores at the end. The user's own layers end as the user says.</param>
    public static IReadOnlyList<Layer> LayersOf(ModelSpec model, int classes) => model.Kind switch
    {
        SimpleNn => [new FlattenLayer(), new LinearLayer(classes, "fc")],
        Mlp => MlpOf(model, classes),
        // LeCun et al. 1998, with plain average pooling and without the sparse wiring of the second convolution, as it is built today.
        LeNet5 =>
        [
            new ConvLayer(6, Kernel: 5, Padding: 2), new ActivationLayer(Activations.Tanh), new AvgPoolLayer(2),
            new ConvLayer(16, Kernel: 5), new ActivationLayer(Activations.Tanh), new AvgPoolLayer(2),
            new FlattenLayer(), new LinearLayer(120), new ActivationLayer(Activations.Tanh), new LinearLayer(84),
            new ActivationLayer(Activations.Tanh), new LinearLayer(classes),
        ],
        // Pooling before the activation halves the work of ReLU and changes nothing, since both are monotone.
        SmallCnn =>
        [
            new ConvLayer(24, Kernel: 5), new MaxPoolLayer(2), new ActivationLayer(),
            new ConvLayer(32, Kernel: 3), new MaxPoolLayer(2), new ActivationLayer(),
            new FlattenLayer(), new LinearLayer(256), new ActivationLayer(), new LinearLayer(classes),
        ],
        Layers => model.Layers ?? [],
        _ => [],
    };

    private static List<Layer> MlpOf(ModelSpec model, int classes)
    {
        List<Layer> layers = [new FlattenLayer()];
        foreach (var size in model.HiddenSizes ?? UsualHiddenSizes)
        {
            layers.Add(new LinearLayer(size));
            if (model.BatchNorm)
                layers.Add(new BatchNormLayer());
            layers.Add(new ActivationLayer(model.Activation ?? Activations.Relu));
            if (model.Dropout > 0)
                layers.Add(new DropoutLayer(model.Dropout));
        }

        layers.Add(new LinearLayer(classes));
        return layers;
    }
}
