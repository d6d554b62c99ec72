namespace ExperimentHub.Protocol.Models;

/// <summary>One step of a feed-forward network. A name is given to layers with parameters: it is their prefix in PyTorch's <c>state_dict</c>.</summary>
public abstract record Layer;

/// <summary>Images [C, H, W] to one row [C * H * W].</summary>
public sealed record FlattenLayer : Layer;

/// <summary>A dense layer with bias; weight [out, in].</summary>
public sealed record LinearLayer(string Name, int OutFeatures) : Layer;

/// <summary>A square 2-D convolution with bias; weight [out, in, kernel, kernel].</summary>
public sealed record ConvLayer(string Name, int OutChannels, int Kernel, int Stride = 1, int Padding = 0) : Layer;

/// <summary>Square max pooling; the stride equals the kernel.</summary>
public sealed record MaxPoolLayer(int Kernel) : Layer;

public sealed record ReluLayer : Layer;
