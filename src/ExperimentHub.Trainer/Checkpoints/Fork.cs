using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>Starts a new run from another run's checkpoint.</summary>
internal static class Fork
{
    /// <summary>
    /// Gives a freshly built network the checkpoint's weights, and the optimizer what it remembered there. An optimizer of another kind, or one that
    /// remembers other tensors, starts anew.
    /// </summary>
    /// <param name="scratchFolder">Where its files lie.</param>
    /// <returns>What became of the optimizer, for the log.</returns>
    /// <exception cref="TrainingFailure">The weights are not those of this run's network.</exception>
    public static string Give(string scratchFolder, ForkPoint from, OptimizerSpec optimizer, nn.Module<Tensor, Tensor> network,
        TrainingStep trainingStep)
    {
        using var scope = NewDisposeScope();
        var weights = Read(scratchFolder, from.CheckpointFile);
        weights.Expect("format", CheckpointMetadata.WeightsFormat);
        weights.Give([.. network.state_dict().Select(entry => (entry.Key, entry.Value))]);
        if (from.StateFile is null)
            return "the optimizer starts anew";

        var state = Read(scratchFolder, from.StateFile);
        state.Expect("format", StateFormat.Name);
        var kind = state.Spec().Optimizer.Kind;
        if (kind != optimizer.Kind)
            return $"the optimizer starts anew, because it was {kind} there";
        string[] leftOver = [StateFormat.HistoryMetric, StateFormat.HistoryTrainLoss, StateFormat.Version1RandomState];
        IReadOnlyList<(string, Tensor)> targets = [.. trainingStep.State];
        if (state.Misfit(targets, leftOver) is { } misfit)
            return $"the optimizer starts anew: {misfit}";
        state.Give(targets, leftOver);
        return "the optimizer goes on";
    }

    private static SavedFile Read(string folder, string name) => name == Path.GetFileName(name)
        ? SavedFile.Read(Path.Combine(folder, name), name, Refusal)
        : throw Refusal($"'{name}'", "it is not in the scratch folder", null);

    private static TrainingFailure Refusal(string file, string problem, Exception? cause) => new($"The run cannot start from {file}: {problem}.",
        "Give this run the model of the run that it starts from, or start it with fresh weights.", cause);
}
