using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Devices;
using ExperimentHub.Trainer.Models;
using ExperimentHub.Trainer.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer;

/// <summary>
/// The inside of the tutorial's loop: batch, forward, loss, backward, update. It trains whole blocks of steps on the device
/// (<see cref="StepProgram"/>). What a step does is a function of the weights, the optimizer's state, the batch and (seed, epoch, step) alone, so a
/// run can be cut after any step.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly TrainingSpec _spec;
    private readonly jit.CompilationUnit _program;
    private readonly bool _drawsRandomNumbers;
    private readonly Tensor[] _parameters;
    private readonly Tensor[] _buffers;
    private readonly OptimizerState _state;
    private readonly Tensor _targets;
    private readonly Tensor _minusOne;
    private readonly List<Tensor[]> _unread = [];
    private readonly List<double> _unreadRates = [];

    /// <param name="network">Built from this outline and on its device; it is trained in place, by the thread that calls this.</param>
    /// <param name="style">Says also how the images of the batches are kept; null is that of the network's device, with bytes.</param>
    public TrainingStep(TrainingSpec spec, ModelOutline outline, nn.Module<Tensor, Tensor> network, ProgramStyle? style = null)
    {
        _spec = spec;
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var named = network.named_parameters().ToArray();
        var device = named[0].parameter.device;
        SetArithmetic(spec, device);
        // The program knows its own way back; tensors without a gradient of their own keep torch from recording another.
        _parameters = [.. named.Select(entry => entry.parameter.detach().DetachFromDisposeScope())];
        _buffers = [.. network.named_buffers().Select(entry => entry.buffer.alias().DetachFromDisposeScope())];
        _state = new OptimizerState(spec.Optimizer, [.. named.Select(entry => entry.name)], _parameters);
        var classes = outline.Steps[^1].Output[0];
        _targets = eye(classes, device: device).mul_(1 - spec.LabelSmoothing).add_(spec.LabelSmoothing / classes).DetachFromDisposeScope();
        _minusOne = tensor(-1f).DetachFromDisposeScope();
        _drawsRandomNumbers = StepProgram.DrawsRandomNumbers(spec, outline);
        LibTorch.RunProgramsAsWritten();
        _program = jit.compile(StepProgram.Write(spec, outline, style ?? ProgramStyle.For(device.type)));
    }

    /// <summary>All that the optimizer remembers from step to step; the tensors themselves, not copies.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => _state.Tensors;

    /// <summary>
    /// Trains a block of an epoch's steps, on the device and without waiting for it. How the steps are cut into blocks changes no number.
    /// </summary>
    /// <param name="first">Counts from 0 in the epoch.</param>
    /// <param name="count">At least 1, and not beyond the epoch.</param>
    public void TakeBlock(EpochBatches batches, int first, int count)
    {
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var before = (long)(batches.Epoch - 1) * batches.Steps + first;
        double[] planned = [.. Enumerable.Range(0, count).Select(step => _spec.LearningRateAt(before + step, batches.Steps))];
        var rates = tensor(planned);
        var seeds = _drawsRandomNumbers ? tensor(Enumerable.Range(first, count).Select(step => RandomState.SeedOf(_spec.Seed, batches.Epoch, step))
            .ToArray()) : empty(0, int64);
        var (pixels, labels) = batches.Images.Tensors;
        var results = _program.invoke<Tensor[]>(StepProgram.Block,
            pixels, labels, batches.Order, _targets, _minusOne, _parameters, _buffers, _state.FirstMoments, _state.SecondMoments, _state.Steps, rates,
            seeds, first, count, batches.BatchSize);
        foreach (var result in results)
            result.DetachFromDisposeScope();
        _unread.Add(results);
        _unreadRates.AddRange(planned);
    }

    /// <summary>Reads what the steps since the last call gave; waits for the device.</summary>
    public StepResults ReadBack()
    {
        if (_unread.Count == 0)
            return new StepResults([], 0);
        using var scope = NewDisposeScope();
        float[] Read(int part) => cat([.. _unread.Select(results => results[part])]).cpu().data<float>().ToArray();
        var read = new StepResults(Read(0), stack([.. _unread.Select(results => results[1])]).sum().cpu().item<long>(),
            _spec.GradientNorm ? Read(2) : null, _spec.LearningRateSchedule is null ? null : [.. _unreadRates]);
        Forget();
        return read;
    }

    public void Dispose()
    {
        Forget();
        foreach (var tensor in _parameters.Concat(_buffers))
            tensor.Dispose();
        _state.Dispose();
        _targets.Dispose();
        _minusOne.Dispose();
        _program.Dispose();
    }

    private void Forget()
    {
        foreach (var result in _unread.SelectMany(results => results))
            result.Dispose();
        _unread.Clear();
        _unreadRates.Clear();
    }

    private static void SetArithmetic(TrainingSpec spec, Device device)
    {
        if (device.type != DeviceType.CUDA)
        {
            if (spec.Precision is not (null or Precisions.Fp32))
            {
                throw new TrainingFailure(
                    $"{spec.Precision} needs a CUDA device, but this run trains on the {device.type.ToString().ToUpperInvariant()}.",
                    $"Choose {Precisions.Fp32}, or run it on a machine with a CUDA device.");
            }

            return;
        }

        // Both are said, because torch's own default lets convolutions round and matrix products not.
        backends.cuda.matmul.allow_tf32 = spec.Precision == Precisions.Tf32;
        backends.cudnn.allow_tf32 = spec.Precision == Precisions.Tf32;
        CudnnChoices.AreDeterministic = spec.Deterministic;
    }
}
