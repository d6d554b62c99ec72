using ExperimentHub.Protocol.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Models;

/// <summary>Builds any network of the catalog from its list of layers.</summary>
internal static class NetworkBuilder
{
    /// <summary>
    /// A network on the CPU with PyTorch's initial weights (uniform with bound 1/sqrt(fan-in)), drawn from torch's generator: seed it first.
    /// Parameters carry the layer's name: "fc.weight", "conv1.bias".
    /// </summary>
    /// <exception cref="TrainingFailure">The built network is not the one that the outline describes.</exception>
    public static nn.Module<Tensor, Tensor> Build(IReadOnlyList<Layer> layers, int height, int width, int classes)
    {
        var outline = ModelOutline.Of(layers, channels: 1, height, width);
        var modules = new List<(string, nn.Module<Tensor, Tensor>)>(layers.Count);
        for (var i = 0; i < layers.Count; i++)
        {
            // Layers without parameters never appear in a state_dict; they are numbered.
            var input = outline.Steps[i].Input;
            modules.Add(layers[i] switch
            {
                FlattenLayer => ($"flatten{i}", nn.Flatten()),
                LinearLayer linear => (outline.Steps[i].Name, nn.Linear(input[0], linear.OutFeatures)),
                ConvLayer conv => (outline.Steps[i].Name, nn.Conv2d(input[0], conv.OutChannels, conv.Kernel, conv.Stride, conv.Padding)),
                MaxPoolLayer pool => ($"pool{i}", nn.MaxPool2d(pool.Kernel)),
                ActivationLayer { Function: Activations.Relu } => ($"relu{i}", nn.ReLU()),
                var layer => throw new TrainingFailure($"This trainer does not know the layer {layer.GetType().Name}.", "The hub and the trainer must be of the same version."),
            });
        }

        var network = nn.Sequential(modules);
        Verify(network, outline, height, width, classes);
        return network;
    }

    private static void Verify(nn.Module<Tensor, Tensor> network, ModelOutline outline, int height, int width, int classes)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var parameters = network.parameters().Sum(parameter => parameter.NumberOfElements);
        if (parameters != outline.Parameters)
            throw new TrainingFailure($"The network has {parameters} parameters, but its description says {outline.Parameters}.", "This is an error of the program; please report it.");
        var shape = network.forward(zeros(2, 1, height, width)).shape;
        if (!shape.SequenceEqual([2L, .. outline.Steps[^1].Output.Select(size => (long)size)]) || shape is not [_, var scores] || scores != classes)
        {
            throw new TrainingFailure($"The network gives [{string.Join(", ", shape.Skip(1))}] for one image, but the data set needs {classes} scores.",
                $"End the network with a dense layer of {classes} outputs.");
        }
    }
}
