using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Queries;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// Gives trainings of earlier hubs what those did not keep: the rows of their parameters, their recipe and their seed. It belongs to the update of a
/// database and is done once, on the copy that the update works on; what is missing later is missing because whoever made the run did not tell it.
/// </summary>
public static class EarlierRuns
{
    private const int Step = 500;

    /// <summary>To be called after the migrations of a database that was made before <see cref="Training"/> had a table of its own.</summary>
    /// <returns>How many got parameters, and how many a recipe.</returns>
    public static async Task<(int Params, int Recipes)> CompleteAsync(TrackingDb db, CancellationToken cancellation = default) =>
        (await WriteParamsAsync(db, cancellation), await WriteRecipesAsync(db, cancellation));

    private static async Task<int> WriteParamsAsync(TrackingDb db, CancellationToken cancellation)
    {
        // Every training has some, so one without any is of a hub that did not keep them apart from the spec.
        var missing = await Statement.ListAsync(db,
            """SELECT t."RunNumber" FROM "Trainings" t WHERE NOT EXISTS (SELECT 1 FROM "RunParams" p WHERE p."RunNumber" = t."RunNumber")""",
            new SqlParameters(), row => row.GetInt64(0), cancellation);
        foreach (var step in missing.Chunk(Step))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var names = await db.ParamNames.ToDictionaryAsync(name => name.Name, cancellation);
            foreach (var (number, spec) in await SpecsAsync(db, step, cancellation))
            {
                foreach (var leaf in SpecParams.Of(spec))
                {
                    if (!names.TryGetValue(leaf.Name, out var name))
                        names[leaf.Name] = name = new ParamName { Name = leaf.Name };
                    db.RunParams.Add(new RunParam { Param = name, RunNumber = number, Number = leaf.Number, Text = leaf.Text });
                }
            }

            await db.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
            db.ChangeTracker.Clear();
        }

        return missing.Count;
    }

    // As text: a spec of a newer hub has fields that this one's TrainingSpec would drop.
    private static async Task<List<(long Number, string Spec)>> SpecsAsync(TrackingDb db, long[] numbers, CancellationToken cancellation)
    {
        var parameters = new SqlParameters();
        return await Statement.ListAsync(db,
            $"""SELECT "RunNumber", "Spec" FROM "TrainingSpecs" WHERE "RunNumber" IN ({string.Join(", ", numbers.Select(number => parameters.Add(number)))})""",
            parameters, row => (row.GetInt64(0), row.GetString(1)), cancellation);
    }

    private static async Task<int> WriteRecipesAsync(TrackingDb db, CancellationToken cancellation)
    {
        var missing = await db.Trainings.Where(training => training.Recipe == "").OrderBy(training => training.RunNumber)
            .Select(training => training.RunNumber).ToListAsync(cancellation);
        foreach (var step in missing.Chunk(Step))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            foreach (var training in await db.Trainings.AsNoTracking().Where(training => step.Contains(training.RunNumber)).ToListAsync(cancellation))
            {
                var recipe = Evidence.RecipeOf(training.Spec, ForkSource.Of(training));
                await db.Trainings.Where(row => row.RunNumber == training.RunNumber)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.Recipe, recipe).SetProperty(row => row.Seed, training.Spec.Seed),
                        cancellation);
            }

            await transaction.CommitAsync(cancellation);
        }

        return missing.Count;
    }
}
