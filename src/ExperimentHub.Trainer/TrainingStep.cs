using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer;

/// <summary>The inside of the tutorial's loop: zero_grad, forward, loss, backward, step.</summary>
internal sealed class TrainingStep(nn.Module<Tensor, Tensor> network, OptimizerSpec optimizer) : IDisposable
{
    private readonly Sgd _optimizer = new(network.named_parameters(), optimizer);
    private readonly List<(Tensor Losses, Tensor Correct)> _unread = [];

    /// <summary>All that the optimizer remembers from step to step, such as <c>momentum.fc.weight</c>; the tensors themselves, not copies.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _optimizer.Momentum.Select(entry => ("momentum." + entry.Parameter, entry.Momentum));

    /// <summary>Trains the steps [first, first + count) of an epoch; does not wait for the device.</summary>
    public void TakeBlock(EpochBatches batches, int first, int count)
    {
        using var scope = NewDisposeScope();
        var losses = zeros(count, device: network.parameters().First().device);
        var correct = zeros(count, int64, losses.device);
        for (var i = 0; i < count; i++)
        {
            using var stepScope = NewDisposeScope();
            var (inputs, labels) = batches.Batch(first + i);
            var (loss, scores) = Train(inputs, labels);
            losses.narrow(0, i, 1).copy_(loss);
            correct.narrow(0, i, 1).copy_(scores.argmax(1).eq(labels).sum());
        }

        _unread.Add((losses.DetachFromDisposeScope(), correct.DetachFromDisposeScope()));
    }

    /// <summary>What the steps since the last call gave; waits for the device.</summary>
    public StepResults ReadBack()
    {
        var losses = new List<float>();
        var correct = new List<int>();
        foreach (var block in _unread)
        {
            using var scope = NewDisposeScope();
            losses.AddRange(block.Losses.cpu().data<float>());
            correct.AddRange(block.Correct.cpu().data<long>().Select(count => (int)count));
            block.Losses.Dispose();
            block.Correct.Dispose();
        }

        _unread.Clear();
        return new StepResults([.. losses], [.. correct]);
    }

    /// <summary>Trains on one batch; call inside a dispose scope.</summary>
    /// <returns>The mean cross-entropy of the batch before the update, a scalar that stays on the device: reading it would wait for the device.</returns>
    public Tensor Take(Tensor inputs, Tensor labels) => Train(inputs, labels).Loss;

    private (Tensor Loss, Tensor Scores) Train(Tensor inputs, Tensor labels)
    {
        _optimizer.ZeroGrad();
        var scores = network.forward(inputs);
        var loss = nn.functional.cross_entropy(scores, labels);
        loss.backward();
        _optimizer.Step();
        return (loss.detach(), scores.detach());
    }

    public void Dispose()
    {
        foreach (var (losses, correct) in _unread)
        {
            losses.Dispose();
            correct.Dispose();
        }

        _optimizer.Dispose();
    }
}
