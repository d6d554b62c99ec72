using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer;

/// <summary>The inside of the tutorial's loop: zero_grad, forward, loss, backward, step.</summary>
internal sealed class TrainingStep(nn.Module<Tensor, Tensor> network, OptimizerSpec optimizer) : IDisposable
{
    private readonly Sgd _optimizer = new(network.named_parameters(), optimizer);

    /// <inheritdoc cref="Sgd.Momentum"/>
    public IEnumerable<(string Parameter, Tensor Momentum)> Momentum => _optimizer.Momentum;

    /// <summary>Trains on one batch; call inside a dispose scope.</summary>
    /// <returns>The mean cross-entropy of the batch before the update, a scalar that stays on the device: reading it would wait for the device.</returns>
    public Tensor Take(Tensor inputs, Tensor labels)
    {
        _optimizer.ZeroGrad();
        var loss = nn.functional.cross_entropy(network.forward(inputs), labels);
        loss.backward();
        _optimizer.Step();
        return loss.detach();
    }

    public void Dispose() => _optimizer.Dispose();
}
