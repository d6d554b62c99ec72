using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>The checkpoint of another run whose weights a run starts from.</summary>
/// <param name="Epoch">Counts from 1.</param>
public sealed record ForkSource(RunId Run, int Epoch)
{
    /// <returns>null where the run started with weights of its own.</returns>
    public static ForkSource? Of(Training? training) =>
        training is { ForkedFrom: { } parent, ForkedAfterEpoch: { } epoch } ? new ForkSource(parent, epoch) : null;

    /// <summary>As it stands in an address: <c>runId:epoch</c>; null where the text is something else.</summary>
    public static ForkSource? Parse(string? text) =>
        text?.Split(':') is [var run, var epoch] && RunId.TryParse(run, out var id) && int.TryParse(epoch, out var number) && number >= 1
            ? new ForkSource(id, number) : null;

    public override string ToString() => $"{Run}:{Epoch}";

    /// <summary>Why no run with this spec can start from here; null where one can. Whether the files are whole is asked when it starts.</summary>
    internal async Task<SpecProblem?> ProblemAsync(TrackingDb db, TrainingSpec spec, CancellationToken cancellation)
    {
        if (await db.Runs.AsNoTracking().Include(r => r.Checkpoints).FirstOrDefaultAsync(r => r.Id == Run, cancellation) is not { } parent)
            return new SpecProblem("fork.run", "There is no run with this id to fork from; it may have been deleted.");
        if (parent.Checkpoints.All(checkpoint => checkpoint.Epoch != Epoch))
        {
            return new SpecProblem("fork.epoch", parent.Checkpoints.Count == 0
                ? $"{parent.Name} has no checkpoint to fork from."
                : $"{parent.Name} has no checkpoint of epoch {Epoch}. It has those of {string.Join(", ", parent.Checkpoints.Select(checkpoint => checkpoint.Epoch).Order())}.");
        }

        return parent.Training?.Spec.Tidied().Model == spec.Tidied().Model ? null
            : new SpecProblem("spec.model",
                $"A fork starts from the weights of {parent.Name} and so keeps its network. Choose that one again, or start a run of its own.");
    }
}
