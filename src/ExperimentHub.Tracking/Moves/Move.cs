using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Moves;

/// <summary>What one look at the rows came to: an answer, or nothing, because somebody else was faster.</summary>
internal readonly struct Decision<T>
{
    private Decision(T answer) => (IsMade, Answer) = (true, answer);

    /// <summary>The rows are no longer what was read of them; nothing was written.</summary>
    public static Decision<T> Overtaken => default;

    public bool IsMade { get; }
    public T Answer { get; }

    public static implicit operator Decision<T>(T answer) => new(answer);
}

/// <summary>
/// How anything moves from one state to another: it is read, the answer is refused by what was read or else written in one transaction whose first
/// statement names the state that was read and counts its rows. Where it counts none, somebody else moved the thing between the two, and it is looked
/// at anew, so that the loser of a race hears what stands there now. See docs/decisions/0032-moves.md.
/// </summary>
internal static class Move
{
    /// <param name="look">One look at the rows and one try to write, with a context of its own. It ends with an answer, or was overtaken.</param>
    public static async Task<T> DecideAsync<T>(this IDbContextFactory<TrackingDb> databases, Func<TrackingDb, Task<Decision<T>>> look,
        CancellationToken cancellation)
    {
        // Whoever is overtaken has let somebody else move, so that there is an end to it.
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            await using var db = await databases.CreateDbContextAsync(cancellation);
            if (await look(db) is { IsMade: true } decision)
                return decision.Answer;
        }
    }

    /// <summary>Writes a move and what belongs to it in one transaction.</summary>
    /// <param name="write">
    /// Begins with a conditional write. That row is held from then on, and what is read after it stays as it is until the transaction is over. What
    /// is tracked is saved at the end.
    /// </param>
    /// <returns>What <paramref name="write"/> said: false where its condition did not hold, and then nothing is written.</returns>
    public static async Task<bool> TogetherAsync(this TrackingDb db, Func<Task<bool>> write, CancellationToken cancellation = default)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (!await write())
            return false;
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }
}
