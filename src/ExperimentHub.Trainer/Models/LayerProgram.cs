using ExperimentHub.Protocol.Models;

namespace ExperimentHub.Trainer.Models;

/// <summary>
/// A layer in the language of <see cref="StepProgram"/>: one line forward, one line backward, as autograd would call them. Values are called <c>x</c>
/// and the number of the layer that they go into; what a layer keeps for its way back carries the layer's own number.
/// </summary>
/// <param name="Forward">Makes <c>x{i+1}</c> of <c>x{i}</c>.</param>
/// <param name="Backward">Makes of <c>g</c>, the gradient of the layer's output, that of its input, and the gradients of its parameters.</param>
internal sealed record LayerProgram(IReadOnlyList<string> Forward, IReadOnlyList<string> Backward)
{
    private const string LeakySlope = "0.01";

    /// <param name="outline">The network.</param>
    /// <param name="index">Which layer of it.</param>
    /// <param name="needsInputGradient">Nothing before it has parameters where this is false.</param>
    /// <param name="precise">The name of the type that matrices are multiplied in differs from float32 where this is false.</param>
    /// <param name="style">Of the device that runs it.</param>
    public static LayerProgram Of(ModelOutline outline, int index, bool needsInputGradient, bool precise, ProgramStyle style)
    {
        var step = outline.Steps[index];
        var (input, output) = ($"x{index}", $"x{index + 1}");
        // The weights of layers that multiply matrices; see StepProgram for their lower precision.
        var (weight, bias) = precise ? ($"w{index}", $"b{index}") : ($"w{index}_low", $"b{index}_low");
        var back = needsInputGradient ? "True" : "False";
        var widen = precise ? "" : ".to(6)";
        switch (step.Layer)
        {
            case FlattenLayer:
                return new LayerProgram([$"{output} = {input}.reshape([n, {step.OutputSize}])"],
                    needsInputGradient ? [$"g = g.reshape([n, {string.Join(", ", step.Input)}])"] : []);

            case LinearLayer:
                return new LayerProgram([$"{output} = torch.addmm({bias}, {input}, {weight}.t())"],
                    [$"dw{index} = torch.mm(g.t(), {input}){widen}", $"db{index} = g.sum(0){widen}",
                        .. needsInputGradient ? [$"g = torch.mm(g, {weight})"] : Array.Empty<string>()]);

            case ConvLayer conv:
                var geometry = $"[{conv.Stride}, {conv.Stride}], [{conv.Padding}, {conv.Padding}], [1, 1]";
                return new LayerProgram(
                    [$"v{index} = {(style.ChannelsLast ? ChannelsLast(step, conv, weight) : weight)}",
                        $"{output} = torch.conv2d({input}, v{index}, {bias}, {geometry}, 1)"],
                [
                    .. style.AvoidsOneDnnErrors
                        ? ConvolutionBackward(step, conv, index, weight, geometry, needsInputGradient)
                        : [$"{(needsInputGradient ? "g" : $"none{index}")}, dw{index}, db{index} = {ConvolutionGradients($"x{index}", index, conv, geometry, needsInputGradient)}"],
                    // The update goes over the numbers as they lie.
                    $"dw{index} = dw{index}.contiguous(){widen}",
                    .. precise ? Array.Empty<string>() : [$"db{index} = db{index}{widen}"],
                ]);

            case MaxPoolLayer pool:
                return new LayerProgram(
                    [$"{output}, at{index} = torch.max_pool2d_with_indices({input}, {Window(pool.Kernel, pool.Stride, pool.Padding)}, [1, "
                        + "1], False)"],
                    needsInputGradient
                        ? [$"g = torch.max_pool2d_with_indices_backward(g, {input}, {Window(pool.Kernel, pool.Stride, pool.Padding)}, [1, 1], "
                            + $"False, at{index})"] : []);

            case AvgPoolLayer average:
                return new LayerProgram(
                    [$"{output} = torch.avg_pool2d({input}, {Window(average.Kernel, average.Stride, average.Padding)}, False, True, None)"],
                    needsInputGradient
                        ? [$"g = torch.avg_pool2d_backward(g, {input}, {Window(average.Kernel, average.Stride, average.Padding)}, False, True, None)"]
                        : []);

            case BatchNormLayer:
                return new LayerProgram(
                [
                    $"{output}, mean{index}, deviation{index} = torch.native_batch_norm({input}, w{index}, b{index}, mean_so_far{index}, "
                        + $"variance_so_far{index}, True, 0.1, 1e-5)",
                    $"batches{index}.add_(1)",
                ],
                [$"g, dw{index}, db{index} = torch.native_batch_norm_backward(g, {input}, w{index}, mean_so_far{index}, variance_so_far{index}, "
                    + $"mean{index}, deviation{index}, True, 1e-5, [{back}, True, True])"]);

            case DropoutLayer { Probability: 0 }:
                return new LayerProgram([$"{output} = {input}"], []);

            case DropoutLayer dropout:
                return new LayerProgram([$"{output}, kept{index} = torch.native_dropout({input}, {StepProgram.Number(dropout.Probability)}, True)"],
                    needsInputGradient
                        ? [$"g = torch.native_dropout_backward(g, kept{index}, {StepProgram.Number(1 / (1 - dropout.Probability))})"] : []);

            case ActivationLayer activation:
                var (forward, backward) = Activation(activation.Function, input, output, CanOverwrite(outline, index));
                return new LayerProgram([$"{output} = {forward}"], needsInputGradient ? [$"g = {backward}"] : []);

            default:
                throw new TrainingFailure($"This trainer does not know the layer {step.Layer.GetType().Name}.",
                    "The hub and the trainer must be of the same version.");
        }
    }

    /// <summary>
    /// Weights with their channels last, and by them all that comes after: so torch pools several times faster on a CPU, and convolves no slower. One
    /// channel lies the same both ways, and only its strides say which is meant.
    /// </summary>
    private static string ChannelsLast(LayerOutline step, ConvLayer conv, string weight) => step.Input[0] == 1
        ? $"{weight}.as_strided([{conv.OutChannels}, 1, {conv.Kernel}, {conv.Kernel}], [{conv.Kernel * conv.Kernel}, 1, {conv.Kernel}, 1])"
        : $"{weight}.contiguous(memory_format=2)";

    private static string ConvolutionGradients(string seen, int index, ConvLayer conv, string geometry, bool ofInput) =>
        $"torch.convolution_backward(g, {seen}, v{index}, [{conv.OutChannels}], {geometry}, False, [0, 0], 1, [{(ofInput ? "True" : "False")}, "
            + "True, True])";

    /// <summary>
    /// The three gradients of a convolution on a CPU. Two cases go around oneDNN 3.7, which on processors with AVX-512 gives a wrong gradient of
    /// images with one channel, and writes beyond its memory on the way back through windows of one pixel with gaps between them
    /// (ConvolutionGradientTests has both).
    /// </summary>
    private static IEnumerable<string> ConvolutionBackward(LayerOutline step, ConvLayer conv, int index, string weight, string geometry,
        bool needsInputGradient)
    {
        var (seen, hasGaps) = ($"x{index}", conv.Kernel == 1 && conv.Stride > 1);
        if (hasGaps)
        {
            // The pixels that the windows see, close together. Such a window has no padding, see LayerRules.
            seen = $"s{index}";
            yield return $"{seen} = x{index}[:, :, ::{conv.Stride}, ::{conv.Stride}]";
            geometry = "[1, 1], [0, 0], [1, 1]";
        }

        var isGrey = step.Input[0] == 1;
        if (needsInputGradient && isGrey)
        {
            yield return $"c{index} = torch.matmul({weight}.reshape([{conv.OutChannels}, {conv.Kernel * conv.Kernel}]).t(), g.reshape([n, {conv.OutChannels}, {step.Output[1] * step.Output[2]}]))";
        }

        var given = needsInputGradient && !isGrey ? "g" : $"none{index}";
        yield return $"{given}, dw{index}, db{index} = {ConvolutionGradients(seen, index, conv, geometry, needsInputGradient && !isGrey)}";
        if (needsInputGradient && isGrey)
        {
            yield return $"g = torch.col2im(c{index}.to(6), [{step.Input[1]}, {step.Input[2]}], [{conv.Kernel}, {conv.Kernel}], [1, 1], [{conv.Padding}, {conv.Padding}], [{conv.Stride}, {conv.Stride}]).to(c{index}.dtype)";
        }
        else if (needsInputGradient && hasGaps)
        {
            yield return $"z{index} = torch.zeros_like(x{index})";
            yield return $"z{index}[:, :, ::{conv.Stride}, ::{conv.Stride}].copy_(g)";
            yield return $"g = z{index}";
        }
    }

    private static (string Forward, string Backward) Activation(string function, string input, string output, bool overwrite) => function switch
    {
        Activations.Relu => ($"torch.relu{(overwrite ? "_" : "")}({input})", $"torch.threshold_backward(g, {output}, 0)"),
        Activations.LeakyRelu =>
            ($"torch.leaky_relu{(overwrite ? "_" : "")}({input}, {LeakySlope})", $"torch.leaky_relu_backward(g, {output}, {LeakySlope}, True)"),
        Activations.Tanh => ($"torch.tanh{(overwrite ? "_" : "")}({input})", $"torch.tanh_backward(g, {output})"),
        Activations.Sigmoid => ($"torch.sigmoid{(overwrite ? "_" : "")}({input})", $"torch.sigmoid_backward(g, {output})"),
        Activations.Gelu => ($"torch.gelu({input})", $"torch.gelu_backward(g, {input})"),
        Activations.Silu => ($"torch.silu({input})", $"torch.silu_backward(g, {input})"),
        _ => throw new TrainingFailure($"This trainer does not know the activation {function}.",
            "The hub and the trainer must be of the same version."),
    };

    /// <summary>Whether nobody needs the numbers that go into this layer any more: those layers go back without what they gave.</summary>
    private static bool CanOverwrite(ModelOutline outline, int index) =>
        index > 0 && outline.Steps[index - 1].Layer is ConvLayer or LinearLayer or BatchNormLayer or MaxPoolLayer or AvgPoolLayer;

    private static string Window(int kernel, int? stride, int padding) =>
        $"[{kernel}, {kernel}], [{stride ?? kernel}, {stride ?? kernel}], [{padding}, {padding}]";
}
