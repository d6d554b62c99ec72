using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Models;

/// <summary>
/// One step of a feed-forward network, as a person writes it down and as PyTorch calls it. A layer with parameters may be given a name: its prefix in
/// the <c>state_dict</c>. Without one it is numbered by its type: <c>conv1</c>, <c>fc1</c>, <c>bn1</c>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ConvLayer), "conv")]
[JsonDerivedType(typeof(MaxPoolLayer), "max-pool")]
[JsonDerivedType(typeof(AvgPoolLayer), "avg-pool")]
[JsonDerivedType(typeof(BatchNormLayer), "batch-norm")]
[JsonDerivedType(typeof(ActivationLayer), "activation")]
[JsonDerivedType(typeof(DropoutLayer), "dropout")]
[JsonDerivedType(typeof(FlattenLayer), "flatten")]
[JsonDerivedType(typeof(LinearLayer), "linear")]
public abstract record Layer;

/// <summary>Images [C, H, W] to one row [C * H * W].</summary>
public sealed record FlattenLayer : Layer;

/// <summary>A dense layer with bias; weight [out, in].</summary>
public sealed record LinearLayer(int OutFeatures, string? Name = null) : Layer;

/// <summary>A square 2-D convolution with bias; weight [out, in, kernel, kernel].</summary>
public sealed record ConvLayer(int OutChannels, int Kernel, int Stride = 1, int Padding = 0, string? Name = null) : Layer;

/// <summary>Square max pooling; without a stride windows do not overlap. A rest at the edge is left out, as PyTorch does.</summary>
public sealed record MaxPoolLayer(int Kernel, int? Stride = null, int Padding = 0) : Layer;

/// <summary>Square average pooling; without a stride windows do not overlap. Padding counts as zeros, as PyTorch does.</summary>
public sealed record AvgPoolLayer(int Kernel, int? Stride = null, int Padding = 0) : Layer;

/// <summary>
/// Batch normalisation over channels (after a convolution) or features (after a dense layer), PyTorch's defaults: epsilon 1e-5, momentum 0.1.
/// </summary>
public sealed record BatchNormLayer(string? Name = null) : Layer;

/// <summary>A nonlinearity; <see cref="Function"/> is one of <see cref="Activations"/>.</summary>
public sealed record ActivationLayer(string Function = Activations.Relu) : Layer;

/// <summary>Sets each value to zero with the given probability while training, and scales the rest up.</summary>
public sealed record DropoutLayer(double Probability = 0.5) : Layer;

/// <summary>The nonlinearities, by PyTorch's names.</summary>
public static class Activations
{
    public const string Relu = "relu";
    public const string LeakyRelu = "leaky-relu";
    public const string Gelu = "gelu";
    public const string Silu = "silu";
    public const string Tanh = "tanh";
    public const string Sigmoid = "sigmoid";

    public static IReadOnlyList<string> All { get; } = [Relu, LeakyRelu, Gelu, Silu, Tanh, Sigmoid];
}
