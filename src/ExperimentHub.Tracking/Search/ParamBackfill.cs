using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// Gives runs their hyperparameters that were made by a hub which did not keep them apart from the spec. Every run has some, so a run without any is
/// such a run; interrupted and begun again it goes on where it was.
/// </summary>
public static class ParamBackfill
{
    private const int Step = 500;

    /// <summary>To be called once at the start, after the migrations.</summary>
    /// <returns>How many runs got theirs.</returns>
    public static async Task<int> FillAsync(TrackingDb db, CancellationToken cancellation = default)
    {
        var missing = await Statement.ListAsync(db,
            """SELECT r."Number" FROM "Runs" r WHERE NOT EXISTS (SELECT 1 FROM "RunParams" p WHERE p."RunNumber" = r."Number")""", new SqlParameters(), row => row.GetInt64(0), cancellation);
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
        return await Statement.ListAsync(db, $"""SELECT "Number", "Spec" FROM "Runs" WHERE "Number" IN ({string.Join(", ", numbers.Select(number => parameters.Add(number)))})""",
            parameters, row => (row.GetInt64(0), row.GetString(1)), cancellation);
    }
}
