using ExperimentHub.Protocol.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Models;

/// <summary>Builds any network from its outline.</summary>
internal static class NetworkBuilder
{
    /// <summary>
    /// A network on the CPU with PyTorch's initial weights (uniform with bound 1/sqrt(fan-in)), drawn from torch's generator: seed it first.
    /// Parameters carry the layer's name: "fc.weight", "conv1.bias".
    /// </summary>
    /// <param name="outline">One that is possible.</param>
    /// <exception cref="TrainingFailure">The built network is not the one that the outline describes.</exception>
    public static nn.Module<Tensor, Tensor> Build(ModelOutline outline)
    {
        // Layers without parameters never appear in a state_dict; their underscore keeps them apart from every name that a layer can have.
        var network = nn.Sequential(outline.Steps.Select((step, index) => (step.Parameters > 0 ? step.Name : $"_{index}", Module(step))));
        Verify(network, outline);
        return network;
    }

    private static nn.Module<Tensor, Tensor> Module(LayerOutline step) => step.Layer switch
    {
        FlattenLayer => nn.Flatten(),
        LinearLayer linear => nn.Linear(step.Input[0], linear.OutFeatures),
        ConvLayer conv => Convolution(step.Input[0], conv),
        MaxPoolLayer pool => nn.MaxPool2d(pool.Kernel, pool.Stride, pool.Padding),
        AvgPoolLayer pool => nn.AvgPool2d(pool.Kernel, pool.Stride, pool.Padding),
        BatchNormLayer when step.Input.Count == 3 => nn.BatchNorm2d(step.Input[0]),
        BatchNormLayer => nn.BatchNorm1d(step.Input[0]),
        DropoutLayer dropout => nn.Dropout(dropout.Probability),
        ActivationLayer activation => activation.Function switch
        {
            Activations.Relu => nn.ReLU(),
            Activations.LeakyRelu => nn.LeakyReLU(0.01),
            Activations.Gelu => nn.GELU(),
            Activations.Silu => nn.SiLU(),
            Activations.Tanh => nn.Tanh(),
            Activations.Sigmoid => nn.Sigmoid(),
            _ => throw Unknown($"activation {activation.Function}"),
        },
        var layer => throw Unknown($"layer {layer.GetType().Name}"),
    };

    private static nn.Module<Tensor, Tensor> Convolution(int channels, ConvLayer layer)
    {
        var convolution = nn.Conv2d(channels, layer.OutChannels, layer.Kernel, layer.Stride, layer.Padding);
        // Images with their channels last, as in training: with channels first, oneDNN 3.7 pads them to blocks of 16 and leaves in the padding of the
        // weights what its memory held before
        // (ReusedMemoryTests). Only the strides of one channel say which is meant, and the layers behind keep what the first convolution gives. The
        // network is on its device only when it sees images.
        if (channels == 1)
        {
            convolution.register_forward_pre_hook((_, images) => ProgramStyle.For(images.device_type).ChannelsLast
                ? images.as_strided(images.shape, [images.shape[2] * images.shape[3], 1, images.shape[3], 1])
                : images);
        }

        return convolution;
    }

    private static TrainingFailure Unknown(string what) =>
        new($"This trainer does not know the {what}.", "The hub and the trainer must be of the same version.");

    private static void Verify(nn.Module<Tensor, Tensor> network, ModelOutline outline)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var counted = (network.parameters().Sum(parameter => parameter.NumberOfElements), network.buffers().Sum(buffer => buffer.NumberOfElements));
        if (counted != (outline.Parameters, outline.Buffers))
            throw Differs($"{counted.Item1} parameters and {counted.Item2} buffers", $"{outline.Parameters} and {outline.Buffers}");

        // Evaluating: neither the running statistics nor the generator may be touched.
        network.eval();
        var value = zeros([2L, .. outline.Steps[0].Input.Select(size => (long)size)]);
        foreach (var (module, step) in network.children().Zip(outline.Steps))
        {
            value = ((nn.Module<Tensor, Tensor>)module).forward(value);
            if (!value.shape.Skip(1).SequenceEqual(step.Output.Select(size => (long)size)))
                throw Differs($"[{string.Join(", ", value.shape.Skip(1))}] after {step.Name}", $"[{string.Join(", ", step.Output)}]");
        }

        network.train();
    }

    private static TrainingFailure Differs(string real, string computed) =>
        new($"The network has {real}, but its description says {computed}.", "This is an error of the program; please report it.");
}
