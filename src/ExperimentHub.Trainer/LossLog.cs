using static TorchSharp.torch;

namespace ExperimentHub.Trainer;

/// <summary>The losses of one epoch's steps, collected on the device and read back in blocks, so that no step waits for the device.</summary>
internal sealed class LossLog(int steps, Device device) : IDisposable
{
    private readonly Tensor _losses = zeros(steps, device: device).DetachFromDisposeScope();
    private int _read;
    private double _sum;

    /// <summary>Steps written so far.</summary>
    public int Count { get; private set; }

    /// <summary>Steps that were not yet read back.</summary>
    public int Unread => Count - _read;

    /// <summary>Mean of everything read back, summed in double precision as the tutorial's running loss is.</summary>
    public double Mean => _sum / _read;

    /// <summary>Takes a step's loss; call inside a dispose scope.</summary>
    public void Add(Tensor loss) => _losses.narrow(0, Count++, 1).copy_(loss);

    /// <summary>Reads the losses since the last call; waits for the device.</summary>
    /// <returns>One for each step, up to the first that is not finite; then that one is the last.</returns>
    public float[] ReadBack()
    {
        using var scope = NewDisposeScope();
        var losses = _losses.narrow(0, _read, Unread).cpu().data<float>().ToArray();
        foreach (var loss in losses)
            _sum += loss;
        _read = Count;
        var notFinite = Array.FindIndex(losses, loss => !float.IsFinite(loss));
        return notFinite < 0 ? losses : losses[..(notFinite + 1)];
    }

    public void Dispose() => _losses.Dispose();
}
