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
    /// <returns>Their mean, and which of the epoch's steps (from 0) was the first without a finite loss, if any.</returns>
    public (double Mean, int? NotFinite) ReadBack()
    {
        using var scope = NewDisposeScope();
        var sum = 0.0;
        int? notFinite = null;
        var unread = _losses.narrow(0, _read, Unread).cpu().data<float>();
        var step = _read;
        foreach (var loss in unread)
        {
            if (!float.IsFinite(loss))
                notFinite ??= step;
            sum += loss;
            step++;
        }

        var mean = sum / Unread;
        _sum += sum;
        _read = Count;
        return (mean, notFinite);
    }

    public void Dispose() => _losses.Dispose();
}
