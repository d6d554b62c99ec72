using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class ExpectedStartsTests
{
    private static readonly DateTime Now = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);

    public static TheoryData<int?[], int?[], int?[]> Lines => new()
    {
        { [5], [10, 20, 30], [5, 15, 35] },
        { [0, 3], [10, 1, 1], [0, 3, 4] },
        { [0, 0], [10, 10, 10], [0, 0, 10] },
        { [null], [10], [null] },
        { [null, 2], [10, 10], [2, 12] },
        { [0], [null, 10], [0, null] },
        { [0, 1], [null, 10, 10], [0, 1, 11] },
        { [], [10], [null] },
        { [0], [], [] },
    };

    [Theory, MemberData(nameof(Lines))]
    public void Of_SlotsAndDurations_GivesEachTheSlotThatIsFreeFirst(int?[] slots, int?[] durations, int?[] starts) => Assert.Equal(
        starts.Select(At), ExpectedStarts.Of(slots.Select(At),
            durations.Select(minutes => minutes is { } known ? TimeSpan.FromMinutes(known) : (TimeSpan?)null)));

    [Fact]
    public async Task Durations_RunsLikeThemFinished_AreTheirEpochsAtThatPace()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("slow", accuracies: [0.8, 0.9]);
        await using (var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            await db.Runs.ExecuteUpdateAsync(set => set.SetProperty(run => run.StartedAt, Now).SetProperty(run => run.EndedAt, Now.AddSeconds(8)));
        var alike = await hub.ReadAsync(await hub.EnqueueAsync(new TrainingSpec { Epochs = 5, Seed = 7 }));
        var other = await hub.ReadAsync(await hub.EnqueueAsync(new TrainingSpec { Epochs = 5, BatchSize = 64 }));
        var durations = await hub.Get<ExpectedStarts>().DurationsAsync([alike.Training!, other.Training!]);
        Assert.Equal([KeyValuePair.Create(alike.Number, TimeSpan.FromSeconds(20))], durations);
    }

    private static DateTime? At(int? minutes) => minutes is { } known ? Now.AddMinutes(known) : null;
}
