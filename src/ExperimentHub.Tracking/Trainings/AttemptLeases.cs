using System.Linq.Expressions;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>An attempt that this process holds, with what is wished of it.</summary>
public sealed record HeldAttempt(AttemptKey Key, bool Stop, bool Pause);

/// <summary>
/// Who holds an attempt: the life of the node that began it, until its lease runs out. Leases are measured by the database's clock, and prolonged for
/// all attempts of a node at once. One that ran out takes nothing from anybody by itself: it lets another node take the attempt, and until one has,
/// the holder goes on.
/// </summary>
public sealed class AttemptLeases(IDbContextFactory<TrackingDb> databases, ThisNode me)
{
    private static readonly long Seconds = (long)NodeStore.LostAfter.TotalSeconds;

    /// <summary>Prolongs the leases of this process and reads what is wished, whether a signal said so or not.</summary>
    /// <returns>Those that it still holds. What it began and is not among them was taken or has ended.</returns>
    public async Task<IReadOnlyList<HeldAttempt>> ProlongAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var held = db.Attempts.Where(a => a.Life == me.Life && a.EndedAt == null);
        if (await held.ExecuteUpdateAsync(set => set.SetProperty(a => a.LeaseSeconds, a => DatabaseClock.UnixSeconds() + Seconds), cancellation) == 0)
            return [];
        var training = db.Trainings.Where(t => t.Run.Status == RunStatus.Running);
        return await held.Join(training, a => new { a.RunNumber, a.Number }, t => new { t.RunNumber, Number = t.CurrentAttempt }, (a, t) =>
                new HeldAttempt(new AttemptKey(t.RunNumber, t.Run.Id, a.Number), t.StopRequestedAt != null, t.PauseRequestedAt != null))
            .ToListAsync(cancellation);
    }

    /// <summary>Adds an attempt of this process to what the caller's transaction writes; its lease begins.</summary>
    internal async Task BeginAsync(TrackingDb db, long run, int number, DateTime startedAt, CancellationToken cancellation = default)
    {
        db.Attempts.Add(new Attempt { RunNumber = run, Number = number, StartedAt = startedAt, Node = me.Name, Life = me.Life });
        await db.SaveChangesAsync(cancellation);
        await db.Attempts.Where(a => a.RunNumber == run && a.Number == number)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.LeaseSeconds, a => DatabaseClock.UnixSeconds() + Seconds), cancellation);
    }

    /// <summary>
    /// Attempts that nobody holds who could still be at work: of a former life of this node, of a hub of before there were leases, and those of other
    /// nodes whose lease has run out. What this process began is its own, whatever the lease says.
    /// </summary>
    internal Expression<Func<Attempt, bool>> Free() =>
        a => a.Life == null || (a.Life != me.Life && (a.Node == me.Name || a.LeaseSeconds == null || a.LeaseSeconds < DatabaseClock.UnixSeconds()));

    /// <summary>What became of an attempt that is taken from whoever held it, for a person.</summary>
    internal string Because(string? node) => node is null || node == me.Name
        ? "The hub ended while this run trained (killed, or the machine went down)."
        : $"Node {node}, which trained this run, has not been heard of for {Seconds} seconds.";
}
