using ExperimentHub.Protocol.Models;

namespace ExperimentHub.Web.Specs;

/// <summary>Layers in a few words, the same wherever a network is listed.</summary>
public static class LayerWords
{
    public static string Of(Layer layer) => layer switch
    {
        LinearLayer linear => $"linear {linear.OutFeatures}",
        ConvLayer conv => $"conv {conv.OutChannels}, {conv.Kernel} × {conv.Kernel}{Window(conv.Stride, 1, conv.Padding)}",
        MaxPoolLayer pool => $"max pool {pool.Kernel} × {pool.Kernel}{Window(pool.Stride ?? pool.Kernel, pool.Kernel, pool.Padding)}",
        AvgPoolLayer pool => $"average pool {pool.Kernel} × {pool.Kernel}{Window(pool.Stride ?? pool.Kernel, pool.Kernel, pool.Padding)}",
        BatchNormLayer => "batch norm",
        ActivationLayer activation => Activation(activation.Function),
        DropoutLayer dropout => $"dropout {Figures.Setting(dropout.Probability)}",
        FlattenLayer => "flatten",
        _ => "?",
    };

    /// <summary>The name that papers write.</summary>
    public static string Activation(string function) => function switch
    {
        Activations.Relu => "ReLU",
        Activations.LeakyRelu => "Leaky ReLU",
        Activations.Gelu => "GELU",
        Activations.Silu => "SiLU",
        Activations.Tanh => "tanh",
        Activations.Sigmoid => "sigmoid",
        _ => function,
    };

    private static string Window(int stride, int usualStride, int padding) =>
        (stride == usualStride ? "" : $", stride {stride}") + (padding == 0 ? "" : $", padding {padding}");
}
