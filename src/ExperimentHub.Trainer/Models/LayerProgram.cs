using ExperimentHub.Protocol.Models;

namespace ExperimentHub.Trainer.Models;

/// <summary>
/// A layer in the language of <see cref="StepProgram"/>: one line forward, one line backward, as autograd would call them. Values are called <c>x</c> and the
/// number of the layer that they go into; what a layer keeps for its way back carries the layer's own number.
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
    public static LayerProgram Of(ModelOutline outline, int index, bool needsInputGradient, bool precise)
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
                    [$"dw{index} = torch.mm(g.t(), {input}){widen}", $"db{index} = g.sum(0){widen}", .. needsInputGradient ? [$"g = torch.mm(g, {weight})"] : Array.Empty<string>()]);

            case ConvLayer conv:
                var geometry = $"[{conv.Stride}, {conv.Stride}], [{conv.Padding}, {conv.Padding}], [1, 1]";
                return new LayerProgram([$"{output} = torch.conv2d({input}, {weight}, {bias}, {geometry}, 1)"],
                [
                    $"g, dw{index}, db{index} = torch.convolution_backward(g, {input}, {weight}, [{conv.OutChannels}], {geometry}, False, [0, 0], 1, [{back}, True, True])",
                    .. precise ? [] : new[] { $"dw{index} = dw{index}.to(6)", $"db{index} = db{index}.to(6)" },
                ]);

            case MaxPoolLayer pool:
                return new LayerProgram([$"{output}, at{index} = torch.max_pool2d_with_indices({input}, {Window(pool.Kernel, pool.Stride, pool.Padding)}, [1, 1], False)"],
                    needsInputGradient ? [$"g = torch.max_pool2d_with_indices_backward(g, {input}, {Window(pool.Kernel, pool.Stride, pool.Padding)}, [1, 1], False, at{index})"] : []);

            case AvgPoolLayer average:
                return new LayerProgram([$"{output} = torch.avg_pool2d({input}, {Window(average.Kernel, average.Stride, average.Padding)}, False, True, None)"],
                    needsInputGradient ? [$"g = torch.avg_pool2d_backward(g, {input}, {Window(average.Kernel, average.Stride, average.Padding)}, False, True, None)"] : []);

            case BatchNormLayer:
                return new LayerProgram(
                [
                    $"{output}, mean{index}, deviation{index} = torch.native_batch_norm({input}, w{index}, b{index}, mean_so_far{index}, variance_so_far{index}, True, 0.1, 1e-5)",
                    $"batches{index}.add_(1)",
                ],
                [$"g, dw{index}, db{index} = torch.native_batch_norm_backward(g, {input}, w{index}, mean_so_far{index}, variance_so_far{index}, mean{index}, deviation{index}, True, 1e-5, [{back}, True, True])"]);

            case DropoutLayer { Probability: 0 }:
                return new LayerProgram([$"{output} = {input}"], []);

            case DropoutLayer dropout:
                return new LayerProgram([$"{output}, kept{index} = torch.native_dropout({input}, {StepProgram.Number(dropout.Probability)}, True)"],
                    needsInputGradient ? [$"g = torch.native_dropout_backward(g, kept{index}, {StepProgram.Number(1 / (1 - dropout.Probability))})"] : []);

            case ActivationLayer activation:
                var (forward, backward) = Activation(activation.Function, input, output, CanOverwrite(outline, index));
                return new LayerProgram([$"{output} = {forward}"], needsInputGradient ? [$"g = {backward}"] : []);

            default:
                throw new TrainingFailure($"This trainer does not know the layer {step.Layer.GetType().Name}.", "The hub and the trainer must be of the same version.");
        }
    }

    private static (string Forward, string Backward) Activation(string function, string input, string output, bool overwrite) => function switch
    {
        Activations.Relu => ($"torch.relu{(overwrite ? "_" : "")}({input})", $"torch.threshold_backward(g, {output}, 0)"),
        Activations.LeakyRelu => ($"torch.leaky_relu{(overwrite ? "_" : "")}({input}, {LeakySlope})", $"torch.leaky_relu_backward(g, {output}, {LeakySlope}, True)"),
        Activations.Tanh => ($"torch.tanh{(overwrite ? "_" : "")}({input})", $"torch.tanh_backward(g, {output})"),
        Activations.Sigmoid => ($"torch.sigmoid{(overwrite ? "_" : "")}({input})", $"torch.sigmoid_backward(g, {output})"),
        Activations.Gelu => ($"torch.gelu({input})", $"torch.gelu_backward(g, {input})"),
        Activations.Silu => ($"torch.silu({input})", $"torch.silu_backward(g, {input})"),
        _ => throw new TrainingFailure($"This trainer does not know the activation {function}.", "The hub and the trainer must be of the same version."),
    };

    /// <summary>Whether nobody needs the numbers that go into this layer any more: those layers go back without what they gave.</summary>
    private static bool CanOverwrite(ModelOutline outline, int index) =>
        index > 0 && outline.Steps[index - 1].Layer is ConvLayer or LinearLayer or BatchNormLayer or MaxPoolLayer or AvgPoolLayer;

    private static string Window(int kernel, int? stride, int padding) => $"[{kernel}, {kernel}], [{stride ?? kernel}, {stride ?? kernel}], [{padding}, {padding}]";
}
