using ExperimentHub.Protocol.Optimization;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Models;

/// <summary>
/// What an optimizer remembers of each parameter, on the parameters' device and at the start of a training: zeros. PyTorch fills its memory in the
/// first step; from zeros that comes to the same.
/// </summary>
internal sealed class OptimizerState : IDisposable
{
    private readonly string _firstName = "";
    private readonly string _secondName = "";
    private readonly IReadOnlyList<string> _parameters;

    public OptimizerState(OptimizerSpec spec, IReadOnlyList<string> parameters, Tensor[] values)
    {
        _parameters = parameters;
        switch (spec.Kind)
        {
            case OptimizerSpec.Sgd when spec.Momentum > 0:
                (_firstName, FirstMoments) = ("momentum", Zeros(values));
                break;
            case OptimizerSpec.Adam or OptimizerSpec.AdamW:
                (_firstName, FirstMoments) = ("adam.exp_avg", Zeros(values));
                (_secondName, SecondMoments) = ("adam.exp_avg_sq", Zeros(values));
                // One count for all; torch takes one for each.
                Steps = [.. Enumerable.Repeat(zeros(1, device: values[0].device).DetachFromDisposeScope(), values.Length)];
                break;
            case OptimizerSpec.RmsProp:
                (_secondName, SecondMoments) = ("rmsprop.square_avg", Zeros(values));
                break;
        }
    }

    /// <summary>Of each parameter, or of none.</summary>
    public Tensor[] FirstMoments { get; } = [];

    /// <inheritdoc cref="FirstMoments"/>
    public Tensor[] SecondMoments { get; } = [];

    /// <summary>The same count of steps for each parameter, or none.</summary>
    public Tensor[] Steps { get; } = [];

    public IEnumerable<(string Name, Tensor Tensor)> Tensors =>
    [
        .. FirstMoments.Select((tensor, index) => ($"{_firstName}.{_parameters[index]}", tensor)),
        .. SecondMoments.Select((tensor, index) => ($"{_secondName}.{_parameters[index]}", tensor)),
        .. Steps.Take(1).Select(tensor => ("adam.step", tensor)),
    ];

    public void Dispose()
    {
        foreach (var (_, tensor) in Tensors)
            tensor.Dispose();
    }

    private static Tensor[] Zeros(Tensor[] values) => [.. values.Select(value => zeros_like(value).DetachFromDisposeScope())];
}
