namespace ExperimentHub.Protocol.Models;

/// <summary>Shapes, parameters and arithmetic of a network for one image, computed without torch.</summary>
/// <param name="Steps">Layer by layer.</param>
public sealed record ModelOutline(IReadOnlyList<LayerOutline> Steps)
{
    public long Parameters => Steps.Sum(step => step.Parameters);

    /// <summary>Floating-point operations of one forward pass of one image, a multiply-add counted as two.</summary>
    public long FlopsPerSample => Steps.Sum(step => step.Flops);

    /// <summary>Size of the weights in float32.</summary>
    public long ParameterBytes => Parameters * sizeof(float);

    /// <param name="layers">The network.</param>
    /// <param name="channels">Channels of the input image.</param>
    /// <param name="height">Rows of the input image.</param>
    /// <param name="width">Columns of the input image.</param>
    /// <exception cref="ArgumentException">A layer does not fit the shape before it; the message names the layer and the reason.</exception>
    public static ModelOutline Of(IReadOnlyList<Layer> layers, int channels = 1, int height = 28, int width = 28)
    {
        var steps = new List<LayerOutline>(layers.Count);
        int[] shape = [channels, height, width];
        for (var i = 0; i < layers.Count; i++)
        {
            var step = Apply(layers[i], shape, i + 1);
            steps.Add(step);
            shape = [.. step.Output];
        }

        return new ModelOutline(steps);
    }

    private static LayerOutline Apply(Layer layer, int[] input, int position)
    {
        ArgumentException Misfit(string reason) => new($"Layer {position} ({layer.GetType().Name.Replace("Layer", "", StringComparison.Ordinal)}): {reason}");

        switch (layer)
        {
            case FlattenLayer:
                return new LayerOutline("flatten", layer, input, [input.Aggregate(1, (product, size) => checked(product * size))], 0, 0);

            case LinearLayer linear when input.Length == 1:
                long weights = (long)input[0] * linear.OutFeatures;
                return new LayerOutline(linear.Name ?? $"fc{position}", layer, input, [linear.OutFeatures], weights + linear.OutFeatures, 2 * weights);

            case LinearLayer:
                throw Misfit($"needs a flat input, but gets [{string.Join(", ", input)}]. Put a flatten layer before it.");

            case ConvLayer conv when input.Length == 3:
                var outHeight = Spatial(input[1], conv.Kernel, conv.Stride, conv.Padding);
                var outWidth = Spatial(input[2], conv.Kernel, conv.Stride, conv.Padding);
                if (outHeight < 1 || outWidth < 1)
                    throw Misfit($"a kernel of {conv.Kernel} does not fit into {input[1]} x {input[2]}.");
                var filter = (long)input[0] * conv.Kernel * conv.Kernel;
                return new LayerOutline(conv.Name ?? $"conv{position}", layer, input, [conv.OutChannels, outHeight, outWidth],
                    (filter + 1) * conv.OutChannels, 2 * filter * conv.OutChannels * outHeight * outWidth);

            case MaxPoolLayer pool when input.Length == 3:
                if (pool.Kernel > input[1] || pool.Kernel > input[2])
                    throw Misfit($"a window of {pool.Kernel} does not fit into {input[1]} x {input[2]}.");
                return new LayerOutline("max pool", layer, input, [input[0], input[1] / pool.Kernel, input[2] / pool.Kernel], 0, 0);

            case ConvLayer or MaxPoolLayer:
                throw Misfit($"needs an image, but gets a row of {input[0]}. Put it before the flatten layer.");

            case ActivationLayer activation:
                return new LayerOutline(activation.Function, layer, input, input, 0, 0);

            default:
                throw Misfit("is not a known layer.");
        }
    }

    private static int Spatial(int size, int kernel, int stride, int padding) => (size + 2 * padding - kernel) / stride + 1;
}

/// <summary>One layer with its input and output shape (without the batch), parameter count and FLOPs for one image.</summary>
public sealed record LayerOutline(string Name, Layer Layer, IReadOnlyList<int> Input, IReadOnlyList<int> Output, long Parameters, long Flops);
