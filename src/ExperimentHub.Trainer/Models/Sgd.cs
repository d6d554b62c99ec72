using ExperimentHub.Protocol.Optimization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Models;

/// <summary>
/// PyTorch's SGD with momentum: v = momentum * v + gradient; weight -= rate * v. The momentum starts at zero, which gives PyTorch's first step.
/// TorchSharp's own optimizer makes twice the native calls and hides the momentum, which a checkpoint to resume from needs.
/// </summary>
internal sealed class Sgd : IDisposable
{
    private readonly string[] _names;
    private readonly Parameter[] _parameters;
    private readonly Tensor[] _velocities;
    private readonly Scalar _momentum;
    private readonly Scalar _minusRate;

    /// <param name="parameters">Already on their device; the momentum is kept beside them.</param>
    public Sgd(IEnumerable<(string Name, Parameter Parameter)> parameters, OptimizerSpec spec)
    {
        (string, Parameter)[] named = [.. parameters];
        _names = [.. named.Select(entry => entry.Item1)];
        _parameters = [.. named.Select(entry => entry.Item2)];
        _velocities = [.. _parameters.Select(parameter => zeros_like(parameter, requires_grad: false).DetachFromDisposeScope())];
        _momentum = spec.Momentum ?? 0.9;
        _minusRate = -spec.LearningRate;
    }

    /// <summary>All that the optimizer remembers from step to step, by the parameter's name; the tensors themselves, not copies.</summary>
    public IEnumerable<(string Parameter, Tensor Momentum)> Momentum => _names.Zip(_velocities);

    /// <summary>Forgets the gradients; backward then hands over its own tensors instead of adding to zeros.</summary>
    public void ZeroGrad()
    {
        foreach (var parameter in _parameters)
            parameter.grad = null;
    }

    /// <summary>One update; call inside a dispose scope.</summary>
    public void Step()
    {
        using var _ = no_grad();
        for (var i = 0; i < _parameters.Length; i++)
        {
            var velocity = _velocities[i];
            velocity.mul_(_momentum).add_(_parameters[i].grad!);
            _parameters[i].add_(velocity, _minusRate);
        }
    }

    public void Dispose()
    {
        foreach (var velocity in _velocities)
            velocity.Dispose();
        _momentum.Dispose();
        _minusRate.Dispose();
    }
}
