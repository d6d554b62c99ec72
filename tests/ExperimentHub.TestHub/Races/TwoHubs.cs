using ExperimentHub.Tracking;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.TestHub.Races;

/// <summary>
/// Two hubs on one database, which know nothing of each other. No data folder allows that; it is what several nodes on one database are.
/// </summary>
public sealed class TwoHubs : IAsyncDisposable
{
    private TwoHubs(EmptyHub one, EmptyHub other, Overtaking overtaking) => (One, Other, Overtaking) = (one, other, overtaking);

    public EmptyHub One { get; }
    public EmptyHub Other { get; }

    /// <summary>Sees the statements of <see cref="One"/>.</summary>
    public Overtaking Overtaking { get; }

    public static async Task<TwoHubs> CreateAsync()
    {
        var overtaking = new Overtaking();
        var one = await CreateAsync("one", overtaking);
        return new TwoHubs(one, await CreateAsync("other", new Overtaking(), one.Folder.Root), overtaking);
    }

    /// <summary>Forgets all experiments and data sets, what belongs to them, and what is owed.</summary>
    public async Task ClearAsync()
    {
        await using var db = await One.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        // What is pinned goes with nothing.
        await db.ArtifactPins.ExecuteDeleteAsync();
        await db.Experiments.IgnoreQueryFilters().ExecuteDeleteAsync();
        await db.OwnDatasets.ExecuteDeleteAsync();
        await db.OwedBytes.ExecuteDeleteAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Other.DisposeAsync();
        await One.DisposeAsync();
    }

    private static Task<EmptyHub> CreateAsync(string node, Overtaking overtaking, string? existing = null) =>
        EmptyHub.CreateAsync((services, _) => services.ConfigureDbContext<TrackingDb>(db => db.AddInterceptors(overtaking)), existing, node: node);
}
