using ExperimentHub.Tracking.Runs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunFeedTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly RunFeed _feed;
    private readonly RunId _run = RunId.New(TimeProvider.System);

    public RunFeedTests() => _feed = new RunFeed(_time, NullLogger<RunFeed>.Instance);

    [Fact]
    public async Task Subscribe_ManyChangesWithinTheInterval_AreTwoCalls()
    {
        var calls = 0;
        using var called = new SemaphoreSlim(0);
        using var subscription = _feed.Subscribe(_run, RunSignals.Rows, () =>
        {
            calls++;
            called.Release();
            return Task.CompletedTask;
        });
        _feed.Publish(_run, RunSignal.Results);
        await called.WaitAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 1000; i++)
            _feed.Publish(_run, RunSignal.Results);
        await NextAsync(called);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task Subscribe_WhatItDoesNotShow_IsNotCalled()
    {
        var calls = 0;
        using var called = new SemaphoreSlim(0);
        using var watched = new SemaphoreSlim(0);
        using var rows = _feed.Subscribe(null, RunSignals.Rows, () =>
        {
            Interlocked.Increment(ref calls);
            called.Release();
            return Task.CompletedTask;
        });
        using var progress = _feed.Subscribe(null, RunSignal.Progress, () =>
        {
            watched.Release();
            return Task.CompletedTask;
        });
        for (var round = 0; round < 20; round++)
        {
            _feed.Publish(_run, RunSignal.Progress);
            await NextAsync(watched);
        }

        // One of several kinds is enough.
        _feed.Publish(_run, RunSignal.Texts | RunSignal.Files);
        await NextAsync(called);
        Assert.Equal(1, Volatile.Read(ref calls));
    }

    [Fact]
    public async Task Subscribe_KindsWithPacesOfTheirOwn_AreToldTogetherWhenItIsTheirTurn()
    {
        var heard = new List<RunSignal>();
        using var called = new SemaphoreSlim(0);
        var slow = RunFeed.MinInterval * 10;
        using var subscription = _feed.Subscribe(null, told =>
        {
            heard.Add(told);
            called.Release();
            return Task.CompletedTask;
        }, new FeedPace(RunSignals.Facts, RunFeed.MinInterval), new FeedPace(RunSignal.Results, () => slow));
        _feed.Publish(_run, RunSignal.Results | RunSignal.Texts);
        await NextAsync(called);
        _feed.Publish(_run, RunSignal.Results);
        _feed.Publish(_run, RunSignal.Status);
        _feed.Publish(_run, RunSignal.Queued | RunSignal.Files);
        await NextAsync(called);
        await NextAsync(called);
        Assert.Equal([RunSignal.Results | RunSignal.Texts, RunSignal.Status | RunSignal.Queued, RunSignal.Results], heard);
        // Nothing is owed, and the pace may be another one by now.
        slow = TimeSpan.Zero;
        _feed.Publish(_run, RunSignal.Results);
        await called.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(4, heard.Count);
    }

    [Fact]
    public async Task Subscribe_QuickKindWhileASlowOneIsOwed_DoesNotWaitForThat()
    {
        var heard = new List<RunSignal>();
        using var called = new SemaphoreSlim(0);
        using var asked = new SemaphoreSlim(0);
        using var subscription = _feed.Subscribe(null, told =>
        {
            heard.Add(told);
            called.Release();
            return Task.CompletedTask;
        }, new FeedPace(RunSignals.Facts, RunFeed.MinInterval), new FeedPace(RunSignal.Results, () =>
        {
            asked.Release();
            return TimeSpan.FromDays(1);
        }));
        _feed.Publish(_run, RunSignal.Results);
        Assert.True(await called.WaitAsync(Limit, TestContext.Current.CancellationToken));
        _feed.Publish(_run, RunSignal.Results);
        // It is known how long results have to wait.
        Assert.True(await asked.WaitAsync(Limit, TestContext.Current.CancellationToken));
        _feed.Publish(_run, RunSignal.Status);
        Assert.True(await called.WaitAsync(Limit, TestContext.Current.CancellationToken));
        Assert.Equal([RunSignal.Results, RunSignal.Status], heard);
    }

    [Fact]
    public void Subscribe_Disposed_IsGone()
    {
        var subscription = _feed.Subscribe(null, RunSignals.Rows, () => Task.CompletedTask);
        Assert.Equal(1, _feed.SubscriptionCount);
        subscription.Dispose();
        Assert.Equal(0, _feed.SubscriptionCount);
    }

    [Fact]
    public async Task Subscribe_AScreenThatThrows_HurtsNobody()
    {
        using var called = new SemaphoreSlim(0);
        using var broken = _feed.Subscribe(_run, RunSignals.Rows, () => throw new InvalidOperationException("broken screen"));
        using var working = _feed.Subscribe(_run, RunSignals.Rows, () =>
        {
            called.Release();
            return Task.CompletedTask;
        });
        _feed.Publish(_run, RunSignal.Results);
        await called.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Subscribe_OtherRun_IsNotCalled()
    {
        var other = RunId.New(TimeProvider.System);
        var calls = 0;
        using var called = new SemaphoreSlim(0);
        using var watched = new SemaphoreSlim(0);
        using var subscription = _feed.Subscribe(other, RunSignals.Rows, () =>
        {
            Interlocked.Increment(ref calls);
            called.Release();
            return Task.CompletedTask;
        });
        using var watcher = _feed.Subscribe(_run, RunSignals.Rows, () =>
        {
            watched.Release();
            return Task.CompletedTask;
        });
        // A screen is called a while after the signal, so that it was not called yet proves nothing. Each of these is followed by the call of the
        // screen that watches the run.
        for (var round = 0; round < 20; round++)
        {
            _feed.Publish(_run, RunSignal.Results);
            await NextAsync(watched);
        }

        _feed.Publish(other, RunSignal.Results);
        await NextAsync(called);
        Assert.Equal(1, Volatile.Read(ref calls));
    }

    [Fact]
    public async Task SubscribeToSome_OtherRun_IsNotCalledUntilItIsShown()
    {
        var other = RunId.New(TimeProvider.System);
        HashSet<RunId> shown = [_run];
        var heard = new List<RunSignal>();
        using var called = new SemaphoreSlim(0);
        using var watched = new SemaphoreSlim(0);
        using var subscription = _feed.SubscribeToSome(run => shown.Contains(run), told =>
        {
            heard.Add(told);
            called.Release();
            return Task.CompletedTask;
        }, new FeedPace(RunSignals.All, RunFeed.MinInterval));
        using var watcher = _feed.Subscribe(other, RunSignals.All, () =>
        {
            watched.Release();
            return Task.CompletedTask;
        });
        // Each is followed by the call of the screen that watches the other run.
        for (var round = 0; round < 20; round++)
        {
            _feed.Publish(other, RunSignal.Results);
            await NextAsync(watched);
        }

        _feed.Publish(_run, RunSignal.Status);
        await NextAsync(called);
        shown = [other];
        _feed.Publish(_run, RunSignal.Status);
        _feed.Publish(other, RunSignal.Files);
        await NextAsync(called);
        Assert.Equal([RunSignal.Status, RunSignal.Files], heard);
    }

    /// <summary>The next call comes once the interval is over. The timer may be set a moment after the last call returned.</summary>
    private async Task NextAsync(SemaphoreSlim called)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        while (!await called.WaitAsync(1, limit.Token))
            _time.Advance(RunFeed.MinInterval);
    }
}
