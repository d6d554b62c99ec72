using ExperimentHub.Tracking.Runs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunFeedTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RunFeed _feed;
    private readonly RunId _run = RunId.New(TimeProvider.System);

    public RunFeedTests() => _feed = new RunFeed(_time, NullLogger<RunFeed>.Instance);

    [Fact]
    public async Task Subscribe_ManyChangesWithinTheInterval_AreTwoCalls()
    {
        var calls = 0;
        using var called = new SemaphoreSlim(0);
        using var subscription = _feed.Subscribe(_run, () =>
        {
            calls++;
            called.Release();
            return Task.CompletedTask;
        });
        _feed.Publish(_run);
        await called.WaitAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 1000; i++)
            _feed.Publish(_run);
        // The second call comes once the interval is over. The timer may be set a moment after the first call returned.
        while (!await called.WaitAsync(1, TestContext.Current.CancellationToken))
            _time.Advance(RunFeed.MinInterval);
        Assert.Equal(2, calls);
    }

    [Fact]
    public void Subscribe_Disposed_IsGone()
    {
        var subscription = _feed.Subscribe(null, () => Task.CompletedTask);
        Assert.Equal(1, _feed.SubscriptionCount);
        subscription.Dispose();
        Assert.Equal(0, _feed.SubscriptionCount);
    }

    [Fact]
    public async Task Subscribe_AScreenThatThrows_HurtsNobody()
    {
        using var called = new SemaphoreSlim(0);
        using var broken = _feed.Subscribe(_run, () => throw new InvalidOperationException("broken screen"));
        using var working = _feed.Subscribe(_run, () =>
        {
            called.Release();
            return Task.CompletedTask;
        });
        _feed.Publish(_run);
        await called.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Subscribe_OtherRun_IsNotCalled()
    {
        var called = false;
        using var subscription = _feed.Subscribe(RunId.New(TimeProvider.System), () =>
        {
            called = true;
            return Task.CompletedTask;
        });
        _feed.Publish(_run);
        Assert.False(called);
    }
}
