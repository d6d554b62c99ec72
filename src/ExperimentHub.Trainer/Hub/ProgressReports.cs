using System.Diagnostics;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Hub;

/// <summary>Tells the hub every step's figures, a few times a second.</summary>
/// <param name="learningRate">Of all steps, where their results name no other.</param>
internal sealed class ProgressReports(EventWriter events, double learningRate)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly ProcessUse _use = new();
    private readonly Stopwatch _since = new();
    private readonly List<StepResults> _untold = [];
    private long _samples;

    public bool IsDue => _since.Elapsed >= Interval;

    /// <summary>The time of an epoch's steps counts from here.</summary>
    public void BeginEpoch() => _since.Restart();

    /// <param name="samples">Images in these steps.</param>
    public void Add(StepResults results, long samples)
    {
        if (results.Count == 0)
            return;
        _untold.Add(results);
        _samples += samples;
    }

    /// <summary>Tells what was added since the last call.</summary>
    /// <param name="step">Steps done since the start of the run, over all epochs.</param>
    public void Tell(int epoch, long step)
    {
        if (_untold.Count == 0)
            return;
        var seconds = _since.Elapsed.TotalSeconds;
        var steps = StepResults.Join(_untold);
        var (cpu, memory) = _use.Read();
        events.Send(new TrainingProgress(epoch, step, steps.Losses.Average(loss => (double)loss), _samples / seconds)
        {
            Losses = steps.Losses,
            LearningRate = steps.LearningRates is null ? learningRate : null,
            LearningRates = steps.LearningRates,
            GradientNorms = steps.GradientNorms,
            Seconds = seconds,
            CpuPercent = cpu,
            MemoryBytes = memory,
        });
        _since.Restart();
        _untold.Clear();
        _samples = 0;
    }
}
