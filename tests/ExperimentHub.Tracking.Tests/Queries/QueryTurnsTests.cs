using ExperimentHub.Tracking.Queries;
using ExperimentHub.Tracking.Search;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.Tracking.Tests.Queries;

/// <summary>Queries that would never end by themselves, on a real database.</summary>
public sealed class QueryTurnsTests
{
    private const string Endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS Value FROM n";

    /// <summary>For what would hang where it fails.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Ask_CallerLeaves_EndsTheQuery()
    {
        await using var hub = await EmptyHub.CreateAsync();
        using var caller = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var asking = Task.Run(() => hub.Get<QueryTurns>().AskAsync(async waited =>
        {
            begun.SetResult();
            return await EndlessAsync(hub, CancellationToken.None);
        }, caller.Token));
        await begun.Task.WaitAsync(Patience);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(Patience));
    }

    [Fact]
    public async Task Ask_TimeIsUp_SaysSo()
    {
        await using var hub = await WithLimitsAsync(new QueryLimits(1, 1, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(50)));
        var refused = await Assert.ThrowsAsync<QueryTooLongException>(() => hub.Get<QueryTurns>()
            .AskAsync(waited => EndlessAsync(hub, waited), default).WaitAsync(Patience));
        Assert.Contains("Ask for less", refused.Message);
        Assert.Equal(0, (await hub.Get<RunSearch>().CountAsync(new RunQuery())).Answer!.Total); // its place is free again
    }

    [Fact]
    public async Task Ask_LastingQueriesFillTheirPlaces_OthersAreStillAnswered()
    {
        await using var hub = await WithLimitsAsync(new QueryLimits(2, 1, TimeSpan.FromMilliseconds(20), TimeSpan.FromMinutes(5)));
        var turns = hub.Get<QueryTurns>();
        using var callers = new CancellationTokenSource();
        var endless = Enumerable.Range(0, 20).Select(_ => Task.Run(() => turns.AskAsync(waited => EndlessAsync(hub, waited), callers.Token)))
            .ToList();
        for (var i = 0; i < 5; i++)
            Assert.Equal(0, (await hub.Get<RunSearch>().CountAsync(new RunQuery()).WaitAsync(Patience)).Answer!.Total);
        Assert.DoesNotContain(endless, question => question.IsCompleted);
        await callers.CancelAsync();
        foreach (var question in endless)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => question.WaitAsync(Patience));
        Assert.Equal(0, (await hub.Get<RunSearch>().CountAsync(new RunQuery())).Answer!.Total);
    }

    [Fact]
    public async Task Ask_InterruptedForItsTurn_BeginsAgainAndIsAnswered()
    {
        await using var hub = await WithLimitsAsync(new QueryLimits(1, 1, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(5)));
        var turns = hub.Get<QueryTurns>();
        using var caller = new CancellationTokenSource();
        // The second comes in when the first has left the only quick place for the only lasting one, which it keeps until its caller leaves.
        var entered = new TaskCompletionSource();
        var first = Task.Run(() => turns.AskAsync(waited =>
        {
            entered.SetResult();
            return EndlessAsync(hub, waited);
        }, caller.Token));
        await entered.Task.WaitAsync(Patience);
        var tries = 0;
        var interrupted = new TaskCompletionSource();
        var second = Task.Run(() => turns.AskAsync(async waited =>
        {
            if (++tries == 1)
            {
                try
                {
                    return await EndlessAsync(hub, waited);
                }
                finally
                {
                    interrupted.SetResult();
                }
            }

            return 42L;
        }, default));
        await interrupted.Task.WaitAsync(Patience);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience));
        Assert.Equal(42, await second.WaitAsync(Patience));
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task Watch_Ended_LeavesLaterWorkOfItsFlowAlone()
    {
        using var caller = new CancellationTokenSource();
        var go = new TaskCompletionSource();
        Task<bool> later;
        using (QueryWatch.Begin(caller.Token))
        {
            later = Task.Run(async () =>
            {
                await go.Task;
                return QueryWatch.MustEnd;
            });
            await caller.CancelAsync();
            Assert.True(QueryWatch.MustEnd);
        }

        go.SetResult();
        Assert.False(await later);
        Assert.False(QueryWatch.MustEnd);
    }

    /// <summary>One comparison of the longest text with the longest pattern takes as long as reading thousands of runs.</summary>
    [Theory]
    [InlineData("notes like '%b%'")]
    [InlineData("notes ilike '%B%'")]
    [InlineData("notes ilike '%б%'")]
    [InlineData("error not like '%b%'")]
    public async Task Search_ComparesLongTexts_AsksBeforeEachWhetherAnybodyWaits(string filter)
    {
        await using var hub = await EmptyHub.CreateAsync();
        for (var i = 0; i < 3; i++)
            await hub.EnqueueAsync();
        await using (var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            await db.Runs.ExecuteUpdateAsync(set => set.SetProperty(run => run.Notes, "aaa").SetProperty(run => run.Error, "aaa"));

        Assert.True(await AskedAsync(filter) >= 3 + await AskedAsync("name like '%b%'"));
        using (QueryWatch.Begin(() => true, CancellationToken.None))
            await Assert.ThrowsAnyAsync<Exception>(() => hub.Get<RunSearch>().CountAsync(new RunQuery(filter)));

        async Task<int> AskedAsync(string of)
        {
            var asked = 0;
            using (QueryWatch.Begin(() => Interlocked.Increment(ref asked) < 0, CancellationToken.None))
                _ = await hub.Get<RunSearch>().CountAsync(new RunQuery(of));
            return asked;
        }
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(501, false)]
    public async Task Filter_Pattern_HasALimit(int length, bool taken)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var result = await hub.Get<RunSearch>().CountAsync(new RunQuery($"notes like '{new string('a', length)}'"));
        Assert.Equal(taken, result.Problems.Count == 0);
    }

    private static Task<EmptyHub> WithLimitsAsync(QueryLimits limits) => EmptyHub.CreateAsync((services, _) => services.AddSingleton(limits));

    private static async Task<long> EndlessAsync(EmptyHub hub, CancellationToken cancellation)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync(cancellation);
        return await db.Database.SqlQueryRaw<long>(Endless).SingleAsync(cancellation);
    }
}
