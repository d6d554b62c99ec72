using System.Text.RegularExpressions;

namespace ExperimentHub.Protocol.Models;

/// <summary>What each type of layer accepts and makes of its input: PyTorch's rules, without torch.</summary>
internal static partial class LayerRules
{
    public const int MaxWidth = 65_536;
    public const int MaxChannels = 4_096;
    public const int MaxKernel = 64;

    /// <summary>Of one layer for one image: 64 MiB of float32.</summary>
    public const long MaxOutput = 1 << 24;

    /// <summary>The type as JSON and messages call it.</summary>
    public static string TypeOf(Layer? layer) => layer switch
    {
        FlattenLayer => "flatten",
        LinearLayer => "linear",
        ConvLayer => "conv",
        MaxPoolLayer => "max-pool",
        AvgPoolLayer => "avg-pool",
        BatchNormLayer => "batch-norm",
        ActivationLayer => "activation",
        DropoutLayer => "dropout",
        _ => "empty",
    };

    public static string? NameOf(Layer layer) => (layer as LinearLayer)?.Name ?? (layer as ConvLayer)?.Name ?? (layer as BatchNormLayer)?.Name;

    /// <summary>Before the number, in the name of a layer that was given none; null for layers without parameters.</summary>
    public static string? NumberedPrefix(Layer layer) => layer switch
    {
        LinearLayer => "fc",
        ConvLayer => "conv",
        BatchNormLayer => "bn",
        _ => null,
    };

    /// <summary>What is wrong with a layer whatever comes before it: the field inside the layer ("" for the layer itself) and the reason.</summary>
    public static IEnumerable<(string Field, FormattableString Reason)> OwnProblems(Layer? layer)
    {
        if (layer is null)
        {
            yield return ("", $"it says nothing. Give it a type.");
            yield break;
        }

        if (NameOf(layer) is { } name && !NameForm().IsMatch(name))
            yield return ("name", $"'{name}' cannot be a parameter's name. Use 1 to 40 lower-case letters, digits and underscores, a letter first.");
        switch (layer)
        {
            case LinearLayer linear when linear.OutFeatures is < 1 or > MaxWidth:
                yield return ("outFeatures", $"a dense layer has 1 to {MaxWidth:N0} outputs; {linear.OutFeatures:N0} is not in between.");
                break;
            case ConvLayer conv:
                if (conv.OutChannels is < 1 or > MaxChannels)
                    yield return ("outChannels", $"a convolution has 1 to {MaxChannels:N0} channels; {conv.OutChannels:N0} is not in between.");
                foreach (var problem in WindowProblems(conv.Kernel, conv.Stride, conv.Padding, mostPadding: conv.Kernel - 1, "its kernel less one"))
                    yield return problem;
                break;
            case MaxPoolLayer or AvgPoolLayer:
                var (kernel, stride, padding) = WindowOf(layer);
                foreach (var problem in WindowProblems(kernel, stride, padding, mostPadding: kernel / 2, "half of its window"))
                    yield return problem;
                break;
            case ActivationLayer activation when !Activations.All.Contains(activation.Function):
                yield return ("function", $"'{activation.Function}' is not an activation. Choose one of: {string.Join(", ", Activations.All)}.");
                break;
            case DropoutLayer dropout when !(dropout.Probability is >= 0 and < 1):
                yield return ("probability", $"a probability of dropout is at least 0 and less than 1; {dropout.Probability} is not.");
                break;
        }
    }

    /// <summary>What a layer without own problems makes of its input, or the reason why it cannot.</summary>
    public static (LayerSizes? Sizes, FormattableString? Reason) Apply(Layer layer, IReadOnlyList<int> input)
    {
        switch (layer)
        {
            case FlattenLayer when input.Count == 1:
                return (null, $"the numbers are in a row already. Leave it out.");

            case FlattenLayer:
                return (new LayerSizes([input[0] * input[1] * input[2]]), null);

            case LinearLayer linear when input.Count == 1:
                var weights = (long)input[0] * linear.OutFeatures;
                return (new LayerSizes([linear.OutFeatures], weights + linear.OutFeatures, Flops: 2 * weights), null);

            case LinearLayer:
                return (null, $"it needs a row of numbers, but gets images of {string.Join(" x ", input)}. Put a flatten layer before it.");

            case ConvLayer or MaxPoolLayer or AvgPoolLayer when input.Count == 1:
                return (null, $"it needs images, but gets a row of {input[0]:N0} numbers. Put it before the flatten layer.");

            case ConvLayer or MaxPoolLayer or AvgPoolLayer:
                var (kernel, stride, padding) = WindowOf(layer);
                if (kernel > input[1] + 2 * padding || kernel > input[2] + 2 * padding)
                    return (null, $"a window of {kernel} x {kernel} does not fit into images of {input[1]} x {input[2]}{(padding > 0 ? $" with {padding} around them" : "")}. Make it smaller, or pool less before it.");
                var (height, width) = (Steps(input[1]), Steps(input[2]));
                if (layer is not ConvLayer conv)
                    return (new LayerSizes([input[0], height, width]), null);
                if ((long)conv.OutChannels * height * width > MaxOutput)
                    return (null, $"it makes {(long)conv.OutChannels * height * width:N0} numbers of one image; at most {MaxOutput:N0} are accepted. Use fewer channels or a stride.");
                var filter = (long)input[0] * kernel * kernel;
                return (new LayerSizes([conv.OutChannels, height, width], (filter + 1) * conv.OutChannels,
                    Flops: 2 * filter * conv.OutChannels * height * width), null);

                int Steps(int size) => (size + 2 * padding - kernel) / stride + 1;

            case BatchNormLayer:
                // Scale and shift are trained; the running mean and variance and the count of batches are kept beside them.
                return (new LayerSizes(input, 2L * input[0], Buffers: 2L * input[0] + 1), null);

            default:
                return (new LayerSizes(input), null);
        }
    }

    /// <summary>Kernel, stride and padding of a convolution or a pooling layer.</summary>
    public static (int Kernel, int Stride, int Padding) WindowOf(Layer layer) => layer switch
    {
        ConvLayer conv => (conv.Kernel, conv.Stride, conv.Padding),
        MaxPoolLayer pool => (pool.Kernel, pool.Stride ?? pool.Kernel, pool.Padding),
        AvgPoolLayer pool => (pool.Kernel, pool.Stride ?? pool.Kernel, pool.Padding),
        _ => throw new ArgumentException($"{TypeOf(layer)} has no window.", nameof(layer)),
    };

    private static IEnumerable<(string Field, FormattableString Reason)> WindowProblems(int kernel, int stride, int padding, int mostPadding,
        string most)
    {
        if (kernel is < 1 or > MaxKernel)
        {
            yield return ("kernel", $"a kernel has 1 to {MaxKernel} pixels a side; {kernel} is not in between.");
            yield break;
        }

        if (stride is < 1 or > MaxKernel)
            yield return ("stride", $"a stride is 1 to {MaxKernel} pixels; {stride} is not in between.");
        if (padding < 0 || padding > mostPadding)
            yield return ("padding", $"its padding is 0 to {mostPadding} pixels ({most}); {padding} is not in between.");
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,39}\z")]
    private static partial Regex NameForm();
}

/// <summary>Of one image.</summary>
/// <param name="Output">Without the batch.</param>
/// <param name="Parameters">Numbers that are trained.</param>
/// <param name="Buffers">Numbers that are kept in a checkpoint beside the parameters, but not trained.</param>
/// <param name="Flops">Of the forward pass.</param>
internal sealed record LayerSizes(IReadOnlyList<int> Output, long Parameters = 0, long Buffers = 0, long Flops = 0);
