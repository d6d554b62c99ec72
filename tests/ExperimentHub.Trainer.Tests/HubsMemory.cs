using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Epochs;

namespace ExperimentHub.Trainer.Tests;

/// <summary>What the hub keeps of a run and says when it goes on.</summary>
internal static class HubsMemory
{
    /// <param name="told">By all attempts so far, in order.</param>
    public static EpochFigures Figures(TrainingSpec spec, IEnumerable<TrainerEvent> told, int epoch)
    {
        // An epoch that was trained again counts as the last attempt told it.
        var done = told.OfType<EpochFinished>().Where(finished => finished.Epoch <= epoch).GroupBy(finished => finished.Epoch)
            .OrderBy(same => same.Key).Select(same => same.Last()).ToList();
        return new EpochFigures([.. done.Select(finished => EpochHistory.ValueOf(BestMetrics.Of(spec), finished))],
            [.. done.Select(finished => finished.TrainLoss)]);
    }

    public static ResumePoint After(CheckpointSaved saved, TrainingSpec spec, IEnumerable<TrainerEvent> told) =>
        new(saved.Epoch, saved.FileName, saved.State!.FileName) { Figures = Figures(spec, told, saved.Epoch) };

    public static ResumePoint After(PausePointSaved saved, TrainingSpec spec, IEnumerable<TrainerEvent> told) =>
        new(saved.Epoch, saved.FileName, saved.State.FileName, saved.StepsDone) { Figures = Figures(spec, told, saved.Epoch) };
}
