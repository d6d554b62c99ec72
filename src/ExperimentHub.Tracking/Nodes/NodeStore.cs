using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Nodes;

/// <summary>How a node is.</summary>
public enum NodeState
{
    Up,

    /// <summary>Not heard of for <see cref="NodeStore.LostAfter"/>.</summary>
    Lost,
}

/// <summary>A node and how it is, by the database's clock.</summary>
/// <param name="LastSeenAt">UTC.</param>
public sealed record NodeDetails(Node Node, NodeState State, DateTime LastSeenAt);

/// <summary>What a beat found.</summary>
public enum Beat
{
    Written,

    /// <summary>Written, and somebody asks for the devices to be tested again.</summary>
    TestAsked,

    /// <summary>Another process has begun under the name of this one, and what this one held is the other's to decide. Nothing was written.</summary>
    Replaced,
}

/// <summary>The rows of nodes. Each node writes its own, and nobody else's but to ask for something.</summary>
public sealed class NodeStore(IDbContextFactory<TrackingDb> databases, ThisNode me, AppVersion version)
{
    /// <summary>Between two beats. Each is one small statement on a machine that idles, and a wish whose signal was lost waits this long.</summary>
    public static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A node that has not been heard of for this long is lost, and what it trained is taken from it: six beats, so that an outage of the database or
    /// a machine that stands still for a while takes nothing from anybody.
    /// </summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(60);

    private volatile bool _known;
    private IReadOnlyList<NodeDevice> _written = [];
    private DateTime? _writtenTest;

    /// <summary>Says that this node lives, and what it has where that is something else than it said last. One at a time.</summary>
    /// <param name="devices">As they are now.</param>
    /// <param name="testedAt">When they were tested; null before the first test.</param>
    public async Task<Beat> BeatAsync(IReadOnlyList<NodeDevice> devices, DateTime? testedAt, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!_known)
        {
            await BeginAsync(db, devices, testedAt, cancellation);
            (_known, _written, _writtenTest) = (true, devices, testedAt);
            return Beat.Written;
        }

        var (changed, tested) = (!devices.SequenceEqual(_written), testedAt != _writtenTest);
        var beaten = await db.Nodes.Where(n => n.Name == me.Name && n.Life == me.Life).ExecuteUpdateAsync(set =>
        {
            set.SetProperty(n => n.SeenSeconds, n => DatabaseClock.UnixSeconds());
            if (changed)
                set.SetProperty(n => n.Devices, devices);
            if (tested)
                set.SetProperty(n => n.TestedSeconds, n => DatabaseClock.UnixSeconds());
        }, cancellation);
        (_written, _writtenTest) = (devices, testedAt);
        var found = await db.Nodes.Where(n => n.Name == me.Name).Select(n => new { n.Life, n.TestAskedSeconds }).FirstOrDefaultAsync(cancellation);
        if (found is not null && found.Life != me.Life)
            return Beat.Replaced;
        // A row that somebody removed is written again by the next beat.
        _known = beaten > 0;
        return found?.TestAskedSeconds is null ? Beat.Written : Beat.TestAsked;
    }

    /// <summary>Asks a node to test its devices again; it finds this whether it hears of it or not.</summary>
    /// <returns>false where there is no such node.</returns>
    public async Task<bool> AskForTestAsync(string name, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Nodes.Where(n => n.Name == name)
            .ExecuteUpdateAsync(set => set.SetProperty(n => n.TestAskedSeconds, n => DatabaseClock.UnixSeconds()), cancellation) > 0;
    }

    /// <summary>The test that this node was asked for begins; what is asked from now on is another one.</summary>
    public async Task BeginTestAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await db.Nodes.Where(n => n.Name == me.Name && n.TestAskedSeconds != null)
            .ExecuteUpdateAsync(set => set.SetProperty(n => n.TestAskedSeconds, (long?)null), cancellation);
    }

    /// <summary>All nodes by name.</summary>
    public async Task<IReadOnlyList<NodeDetails>> ListAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var nodes = await db.Nodes.AsNoTracking().OrderBy(n => n.Name).Select(n => new { Node = n, Now = DatabaseClock.UnixSeconds() })
            .ToListAsync(cancellation);
        var patience = (long)LostAfter.TotalSeconds;
        return
        [
            .. nodes.Select(n => new NodeDetails(
                n.Node, n.Now - n.Node.SeenSeconds > patience ? NodeState.Lost : NodeState.Up, DateTime.UnixEpoch.AddSeconds(n.Node.SeenSeconds))),
        ];
    }

    /// <summary>A life begins: the row of the name is its own from here on.</summary>
    private async Task BeginAsync(TrackingDb db, IReadOnlyList<NodeDevice> devices, DateTime? testedAt, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await TakeAsync() == 0)
        {
            db.Nodes.Add(new Node { Name = me.Name });
            await db.SaveChangesAsync(cancellation);
            await TakeAsync();
        }

        await transaction.CommitAsync(cancellation);

        Task<int> TakeAsync() => db.Nodes.Where(n => n.Name == me.Name).ExecuteUpdateAsync(set =>
        {
            set.SetProperty(n => n.Life, me.Life).SetProperty(n => n.Roles, me.Roles).SetProperty(n => n.Version, version.Text)
                .SetProperty(n => n.Devices, devices)
                .SetProperty(n => n.StartedSeconds, n => DatabaseClock.UnixSeconds())
                .SetProperty(n => n.SeenSeconds, n => DatabaseClock.UnixSeconds())
                // Each life tests at its start.
                .SetProperty(n => n.TestAskedSeconds, (long?)null);
            if (testedAt is null)
                set.SetProperty(n => n.TestedSeconds, (long?)null);
            else
                set.SetProperty(n => n.TestedSeconds, n => DatabaseClock.UnixSeconds());
        }, cancellation);
    }
}
