using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using static ExperimentHub.Tracking.Tests.Metrics.MetricHub;

namespace ExperimentHub.Tracking.Tests.Metrics;

public sealed class RunTailsTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task Next_ManyFollowers_ShareOneReading()
    {
        await using var hub = await TailHub.CreateAsync();
        using var first = hub.Follow();
        using var second = hub.Follow();
        var (one, other) = (await first.NextAsync(hub.Limit), await second.NextAsync(hub.Limit));
        while (one.Number < other.Number)
            one = await first.NextAsync(hub.Limit);
        var before = one.Number;
        hub.Append(1, 3);
        (one, other) = (await first.NextAsync(hub.Limit), await second.NextAsync(hub.Limit));
        Assert.True(one.Number > before);
        Assert.Same(one.Series, other.Series);
        Assert.Equal([1, 2, 3], StepsAfter(one, -1));
    }

    [Fact]
    public async Task Next_FollowerThatMissedReadings_GetsAllPointsInTheNext()
    {
        await using var hub = await TailHub.CreateAsync();
        using var quick = hub.Follow();
        using var slow = hub.Follow();
        await slow.NextAsync(hub.Limit);
        for (var last = 10L; last <= 50; last += 10)
        {
            hub.Append(last - 9, last);
            if (last == 30)
                await hub.Writer.FlushAsync();
            while ((await quick.NextAsync(hub.Limit)).Series[MetricNames.TrainLoss].Newest < last)
            {
            }
        }

        var news = await slow.NextAsync(hub.Limit);
        Assert.Equal(Enumerable.Range(1, 50).Select(step => (long)step), StepsAfter(news, -1));
        Assert.Equal([46, 47, 48, 49, 50], StepsAfter(news, 45));
        Assert.Empty(StepsAfter(news, 50));
    }

    [Fact]
    public async Task Next_FollowerThatComesLater_IsToldOfTheRunAsItIsNowAndSentToTheDatabaseForTheRest()
    {
        await using var hub = await TailHub.CreateAsync();
        hub.Append(1, 20);
        await hub.Writer.FlushAsync();
        using var early = hub.Follow();
        Assert.Null((await early.NextAsync(hub.Limit)).Series[MetricNames.TrainLoss].After(-1));
        // Nobody tells of this change: whoever comes must not get what was read before.
        await hub.StopSilentlyAsync();
        using var late = hub.Follow();
        var news = await late.NextAsync(hub.Limit);
        Assert.Equal(RunStatus.Stopped, news.Run!.Status);
        Assert.Null(news.Series[MetricNames.TrainLoss].After(19));
        Assert.Empty(news.Series[MetricNames.TrainLoss].After(20)!);
    }

    [Fact]
    public async Task Next_PointsThatCameMeanwhile_AreNotAskedOfTheDatabase()
    {
        var questions = new Questions();
        await using var hub = await TailHub.CreateAsync(questions);
        hub.Append(1, 10);
        using var follower = hub.Follow();
        await follower.NextAsync(hub.Limit);
        questions.Clear();
        hub.Append(11, 20);
        await hub.Writer.FlushAsync();
        hub.Append(21, 30);
        RunNews news;
        do
            news = await follower.NextAsync(hub.Limit);
        while (news.Series[MetricNames.TrainLoss].Newest < 30);

        Assert.Equal(Enumerable.Range(11, 20).Select(step => (long)step), StepsAfter(news, 10));
        Assert.Empty(questions.Asked);
    }

    [Fact]
    public async Task Next_MetricOfOthersThatBeganBeforeAnybodyLooked_HasEveryPointOrSaysWhereItBegins()
    {
        await using var hub = await TailHub.CreateAsync();
        hub.Writer.Append(TailHub.Run, "reward", Points(1, 5));
        using var follower = hub.Follow();
        var reward = (await follower.NextAsync(hub.Limit)).Series["reward"];
        Assert.Null(reward.After(-1));
        hub.Writer.Append(TailHub.Run, "reward", Points(6, 9));
        hub.Writer.Append(TailHub.Run, "penalty", Points(1, 3));
        hub.Publish();
        RunNews news;
        do
            news = await follower.NextAsync(hub.Limit);
        while (news.Series["reward"].Newest < 9);

        Assert.Equal([6, 7, 8, 9], news.Series["reward"].After(5)!.Select(point => point.Step));
        Assert.Equal([1, 2, 3], news.Series["penalty"].After(-1)!.Select(point => point.Step));
    }

    [Fact]
    public async Task Next_StepsThatAReplayBringsAgain_ComeOnce()
    {
        await using var hub = await TailHub.CreateAsync();
        using var follower = hub.Follow();
        await follower.NextAsync(hub.Limit);
        hub.Append(1, 8);
        hub.Append(5, 12);
        RunNews news;
        do
            news = await follower.NextAsync(hub.Limit);
        while (news.Series[MetricNames.TrainLoss].Newest < 12);
        Assert.Equal(Enumerable.Range(1, 12).Select(step => (long)step), StepsAfter(news, -1));
    }

    [Fact]
    public void Take_MoreThanAnybodyKeeps_SendsToTheDatabaseOnce()
    {
        using var fresh = new FreshPoints(1, _ => { });
        fresh.Add("reward", Points(1, 150_000));
        fresh.Add("reward", Points(150_001, 300_000));
        fresh.Add("reward", Points(300_001, 300_010));
        Assert.Null(fresh.Take());
        fresh.Add("reward", Points(300_011, 300_012));
        Assert.Equal(2, fresh.Take()!["reward"].Count);
        Assert.Empty(fresh.Take()!);
    }

    [Fact]
    public async Task WentBack_RunThatIsFurtherAgainWhenASlowFollowerLooks_IsToldAllTheSame()
    {
        await using var hub = await TailHub.CreateAsync();
        hub.Append(1, 10);
        using var quick = hub.Follow();
        using var slow = hub.Follow();
        await slow.NextAsync(hub.Limit);
        await hub.Writer.RewindAsync(TailHub.Run, 6);
        hub.Publish();
        while ((await quick.NextAsync(hub.Limit)).Series[MetricNames.TrainLoss].Newest > 6)
        {
        }

        hub.Append(7, 30);
        RunNews news;
        do
            news = await quick.NextAsync(hub.Limit);
        while (news.Series[MetricNames.TrainLoss].Newest < 30);
        Assert.Empty(news.WentBack(new Dictionary<string, long> { [MetricNames.TrainLoss] = 6 }));

        news = await slow.NextAsync(hub.Limit);
        Assert.Equal([(MetricNames.TrainLoss, 6L)], news.WentBack(new Dictionary<string, long> { [MetricNames.TrainLoss] = 10 }));
        Assert.Equal(Enumerable.Range(7, 24).Select(step => (long)step), StepsAfter(news, 6));
    }

    [Fact]
    public async Task Next_RunThatIsGone_SaysSo()
    {
        await using var hub = await TailHub.CreateAsync();
        using var follower = hub.Tails.Follow(RunId.New(TimeProvider.System), Interval);
        Assert.Null((await follower.NextAsync(hub.Limit)).Run);
    }

    [Fact]
    public async Task Dispose_LastFollower_LeavesNothingBehind()
    {
        await using var hub = await TailHub.CreateAsync();
        var (first, second) = (hub.Follow(), hub.Follow());
        first.Dispose();
        first.Dispose();
        Assert.NotEqual(0, hub.Get<RunFeed>().SubscriptionCount);
        second.Dispose();
        Assert.Equal(0, hub.Get<RunFeed>().SubscriptionCount);
    }

    [Fact]
    public void With_MorePointsThanAnybodyFallsBehind_ForgetsTheOldest()
    {
        var tail = new SeriesTail(-1, 0, -1, []).With(Points(1, 6_000)).With(Points(6_001, 12_000));
        Assert.Null(tail.After(5_999));
        Assert.Equal(6_000, tail.After(6_000)!.Count);
    }

    private static IEnumerable<long> StepsAfter(RunNews news, long step) =>
        news.Series[MetricNames.TrainLoss].After(step)!.Select(point => point.Step);

    /// <summary>A hub with one run that waits.</summary>
    private sealed class TailHub(EmptyHub hub, RunId id) : IAsyncDisposable
    {
        public const long Run = 1;

        private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));

        public CancellationToken Limit => _limit.Token;

        public RunTails Tails => Get<RunTails>();

        public MetricWriter Writer => Get<MetricWriter>();

        public static async Task<TailHub> CreateAsync(Questions? questions = null)
        {
            var hub = await EmptyHub.CreateAsync((services, _) => questions?.Hear(services));
            return new TailHub(hub, await hub.EnqueueAsync());
        }

        public T Get<T>()
            where T : notnull => hub.Get<T>();

        public RunTails.Follower Follow() => Tails.Follow(id, Interval);

        public void Publish() => hub.Feed.Publish(id, RunSignal.Results);

        public void Append(long first, long last)
        {
            Writer.Append(Run, MetricNames.TrainLoss, Points(first, last));
            Publish();
        }

        public async Task StopSilentlyAsync()
        {
            await using var db = await Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
            await db.Runs.ExecuteUpdateAsync(set => set.SetProperty(run => run.Status, RunStatus.Stopped));
        }

        public ValueTask DisposeAsync()
        {
            _limit.Dispose();
            return hub.DisposeAsync();
        }
    }
}
