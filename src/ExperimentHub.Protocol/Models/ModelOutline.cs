using System.Globalization;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Protocol.Models;

/// <summary>Shapes, parameters and arithmetic of a network for one image, computed without torch.</summary>
/// <param name="Steps">Layer by layer; with <paramref name="Problems"/> up to the first that does not fit.</param>
/// <param name="Problems">Why this network cannot be built or trained, on fields of the spec; empty for one that can.</param>
public sealed record ModelOutline(IReadOnlyList<LayerOutline> Steps, IReadOnlyList<SpecProblem> Problems)
{
    public const int MaxLayers = 100;
    public const long MaxParameters = 100_000_000;

    public bool IsPossible => Problems.Count == 0;

    /// <summary>Numbers that are trained.</summary>
    public long Parameters => Steps.Sum(step => step.Parameters);

    /// <summary>Numbers that a checkpoint holds beside them: the running statistics of batch normalisation.</summary>
    public long Buffers => Steps.Sum(step => step.Buffers);

    /// <summary>
    /// Floating-point operations of one forward pass of one image, a multiply-add counted as two; those of dense layers and convolutions.
    /// </summary>
    public long FlopsPerSample => Steps.Sum(step => step.Flops);

    /// <summary>Size of the weights in float32.</summary>
    public long ParameterBytes => Parameters * sizeof(float);

    /// <summary>
    /// The network of a model for a data set. The problems of a catalog's network are those of its kind, of the user's own those of a layer.
    /// </summary>
    public static ModelOutline Of(ModelSpec model, ImageShape shape)
    {
        var outline = Of(ModelCatalog.LayersOf(model, shape.Classes), shape);
        return model.Kind == ModelCatalog.Layers || outline.IsPossible ? outline : outline with
        {
            Problems = [.. outline.Problems.Select(problem => new SpecProblem("model.kind",
                $"{ModelCatalog.Find(model.Kind)?.Name ?? model.Kind} cannot be trained on images of {shape.Height} x {shape.Width}. {problem.Message}"))],
        };
    }

    /// <summary>The network of these layers, for grey images.</summary>
    public static ModelOutline Of(IReadOnlyList<Layer> layers, ImageShape shape)
    {
        var problems = new ProblemList();
        problems.Require(layers.Count is > 0 and <= MaxLayers, "model.layers",
            $"A network has 1 to {MaxLayers} layers; this one has {layers.Count:N0}.");
        if (problems.Problems.Count == 0)
            CheckEach(layers, problems);
        var steps = problems.Problems.Count == 0 ? Shape(layers, shape, problems) : [];
        var outline = new ModelOutline(steps, problems.Problems);
        if (!outline.IsPossible)
            return outline;

        var output = steps[^1].Output;
        problems.Require(output.Count == 1 && output[0] == shape.Classes, Field(layers.Count - 1),
            $"The network ends with {(output.Count == 1 ? $"{output[0]:N0} numbers" : $"images of {string.Join(" x ", output)}")} for each image, but the data set has {shape.Classes} classes. End it with a linear layer of {shape.Classes} outputs.");
        problems.Require(outline.Parameters > 0, "model.layers", $"The network has nothing to train. Add a linear or a conv layer.");
        problems.Require(outline.Parameters <= MaxParameters, "model.layers",
            $"The network has {outline.Parameters:N0} parameters; at most {MaxParameters:N0} are accepted. Use smaller layers, or pool more before the flatten layer.");
        return outline;
    }

    private static void CheckEach(IReadOnlyList<Layer> layers, ProblemList problems)
    {
        foreach (var (index, layer) in layers.Index())
        {
            foreach (var (field, reason) in LayerRules.OwnProblems(layer))
                problems.Require(false, field.Length == 0 ? Field(index) : $"{Field(index)}.{field}", $"{Says(index, layer, reason)}");
        }

        var firstOf = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (index, name) in layers.Index().Where(entry => entry.Item is not null && LayerRules.NameOf(entry.Item) is not null)
            .Select(entry => (entry.Index, LayerRules.NameOf(entry.Item)!)))
        {
            if (!firstOf.TryAdd(name, index))
                problems.Require(false, $"{Field(index)}.name",
                    $"{Says(index, layers[index], $"layer {firstOf[name] + 1} is called '{name}' already. Choose another name.")}");
        }
    }

    private static List<LayerOutline> Shape(IReadOnlyList<Layer> layers, ImageShape shape, ProblemList problems)
    {
        var steps = new List<LayerOutline>(layers.Count);
        var names = NamesOf(layers);
        IReadOnlyList<int> input = [1, shape.Height, shape.Width];
        foreach (var (index, layer) in layers.Index())
        {
            var (sizes, reason) = LayerRules.Apply(layer, input);
            if (sizes is null)
            {
                problems.Require(false, Field(index), $"{Says(index, layer, reason!)}");
                break;
            }

            steps.Add(new LayerOutline(names[index], layer, input, sizes.Output, sizes.Parameters, sizes.Buffers, sizes.Flops));
            input = sizes.Output;
        }

        return steps;
    }

    /// <summary>Given names win; the others are numbered by their type and step over what is taken.</summary>
    private static List<string> NamesOf(IReadOnlyList<Layer> layers)
    {
        var given = layers.Select(LayerRules.NameOf).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var names = new List<string>(layers.Count);
        foreach (var layer in layers)
        {
            if (LayerRules.NumberedPrefix(layer) is not { } prefix)
            {
                names.Add(layer is ActivationLayer activation ? activation.Function : LayerRules.TypeOf(layer));
                continue;
            }

            var number = numbers.GetValueOrDefault(prefix) + 1;
            while (LayerRules.NameOf(layer) is null && given.Contains($"{prefix}{number}"))
                number++;
            numbers[prefix] = number;
            names.Add(LayerRules.NameOf(layer) ?? $"{prefix}{number}");
        }

        return names;
    }

    private static string Field(int index) => $"model.layers[{index}]";

    private static string Says(int index, Layer? layer, FormattableString reason) =>
        $"Layer {index + 1} ({LayerRules.TypeOf(layer)}): {reason.ToString(CultureInfo.InvariantCulture)}";
}

/// <summary>One layer for one image.</summary>
/// <param name="Name">The prefix of its parameters in the <c>state_dict</c>; for a layer without parameters what it is, such as <c>relu</c>.</param>
/// <param name="Input">Shape without the batch: [channels, height, width] or [features].</param>
/// <param name="Output">Shape without the batch.</param>
/// <param name="Parameters">Numbers that are trained.</param>
/// <param name="Buffers">Numbers that are kept beside them, but not trained.</param>
/// <param name="Flops">Floating-point operations of the forward pass.</param>
public sealed record LayerOutline(
    string Name, Layer Layer, IReadOnlyList<int> Input, IReadOnlyList<int> Output, long Parameters, long Buffers, long Flops)
{
    /// <summary>Numbers that come out.</summary>
    public long OutputSize => Output.Aggregate(1L, (product, size) => product * size);
}
