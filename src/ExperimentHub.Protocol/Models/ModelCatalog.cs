namespace ExperimentHub.Protocol.Models;

/// <summary>A model that a person can choose.</summary>
/// <param name="Kind">The key in a spec.</param>
/// <param name="Name">The name on the screen.</param>
/// <param name="Description">One sentence for the person who chooses.</param>
/// <param name="Layers">From image to class scores; the trainer builds exactly these.</param>
public sealed record ModelInfo(string Kind, string Name, string Description, IReadOnlyList<Layer> Layers);

/// <summary>The models, described without torch so that the form can show their shapes and the trainer can build them from the same list.</summary>
public static class ModelCatalog
{
    public const string SimpleNn = "simple-nn";
    public const string SmallCnn = "small-cnn";

    public static IReadOnlyList<ModelInfo> All { get; } =
    [
        new(SimpleNn, "SimpleNN", "The tutorial's model: every pixel straight to ten scores. About 91 % on MNIST.",
            [new FlattenLayer(), new LinearLayer(10, "fc")]),
        // Pooling before the activation halves the work of ReLU and changes nothing, since both are monotone.
        new(SmallCnn, "Small CNN", "Two convolutions and two dense layers. About 99 % on MNIST after five epochs.",
        [
            new ConvLayer(24, Kernel: 5, Name: "conv1"), new MaxPoolLayer(2), new ActivationLayer(),
            new ConvLayer(32, Kernel: 3, Name: "conv2"), new MaxPoolLayer(2), new ActivationLayer(),
            new FlattenLayer(), new LinearLayer(256, "fc1"), new ActivationLayer(), new LinearLayer(10, "fc2"),
        ]),
    ];

    public static ModelInfo? Find(string? kind) => All.FirstOrDefault(model => model.Kind == kind);

    /// <exception cref="ArgumentException">No such model; a validated spec never causes it.</exception>
    public static ModelInfo Get(string kind) => Find(kind) ?? throw new ArgumentException($"'{kind}' is not a model.", nameof(kind));
}
