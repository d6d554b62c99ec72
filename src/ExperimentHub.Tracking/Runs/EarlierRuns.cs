using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

/// <summary>
/// Gives runs of earlier hubs what they did not keep: recipe and seed. A run without a recipe is such a run; interrupted and begun again it goes on where it was.
/// </summary>
public static class EarlierRuns
{
    private const int Step = 500;

    /// <summary>To be called once at the start, after the migrations.</summary>
    /// <returns>How many runs got theirs.</returns>
    public static async Task<int> CompleteAsync(TrackingDb db, CancellationToken cancellation = default)
    {
        var missing = await db.Runs.IgnoreQueryFilters().Where(run => run.Recipe == "").OrderBy(run => run.Number).Select(run => run.Number).ToListAsync(cancellation);
        foreach (var step in missing.Chunk(Step))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            foreach (var run in await db.Runs.IgnoreQueryFilters().AsNoTracking().Where(run => step.Contains(run.Number)).ToListAsync(cancellation))
            {
                var recipe = Evidence.RecipeOf(run.Spec, ForkSource.Of(run));
                await db.Runs.IgnoreQueryFilters().Where(row => row.Number == run.Number)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.Recipe, recipe).SetProperty(row => row.Seed, run.Spec.Seed), cancellation);
            }

            await transaction.CommitAsync(cancellation);
        }

        return missing.Count;
    }
}
