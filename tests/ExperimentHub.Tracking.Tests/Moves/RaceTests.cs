using System.Globalization;
using ExperimentHub.TestHub.Races;

namespace ExperimentHub.Tracking.Tests.Moves;

/// <summary>
/// Two hubs move one thing: one of them wins, the other is told what stands there then, and nothing fails. <c>EXPERIMENTHUB_RACE_ROUNDS</c> and
/// <c>EXPERIMENTHUB_RACE_SEED</c>
/// choose how often and in which order.
/// </summary>
public sealed class RaceTests(RaceTests.Hubs hubs) : IClassFixture<RaceTests.Hubs>
{
    private static readonly Dictionary<string, Race> Races =
        RunRaces.All.Concat(LeaseRaces.All).Concat(DeletionRaces.All).Concat(PinRaces.All).Concat(DebtRaces.All).Concat(ScheduleRaces.All)
            .ToDictionary(race => race.Name);
    private static readonly int Rounds = Number("EXPERIMENTHUB_RACE_ROUNDS") ?? 20;

    public static TheoryData<string> Names => [.. Races.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Move_SomebodyElseActsBetweenReadAndWrite_IsDecidedByWhatStandsThere(string name)
    {
        var race = Races[name];
        // The same each time: more rounds than this tell nothing, unless somebody asks for them.
        for (var round = 0; round < (Rounds > 20 ? Rounds : 2); round++)
        {
            await hubs.Two.ClearAsync();
            var contest = await race.Prepare(hubs.Two);
            var second = "";
            hubs.Two.Overtaking.Arm(async () => second = await contest.Second(hubs.Two.Other));
            var first = await contest.First(hubs.Two.One);
            Assert.True(hubs.Two.Overtaking.HasActed, "The first wrote nothing.");
            Assert.Equal(race.Overtaken, $"{first} | {second}");
            Assert.True(hubs.Two.Overtaking.Faults.Count == 0, string.Join('\n', hubs.Two.Overtaking.Faults));
            if (contest.Check is { } check)
                await check(hubs.Two.Other);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Move_TwoAtOnce_HasOneWinner(string name)
    {
        var race = Races[name];
        var seed = Number("EXPERIMENTHUB_RACE_SEED") ?? Random.Shared.Next();
        var random = new Random(seed);
        var came = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var round = 0; round < Rounds; round++)
        {
            await hubs.Two.ClearAsync();
            var contest = await race.Prepare(hubs.Two);
            using var start = new Barrier(2);
            var (first, second) = (At(start, random.Next(40_000), () => contest.First(hubs.Two.One)), At(start, random.Next(40_000),
                () => contest.Second(hubs.Two.Other)));
            var told = $"{await first} | {await second}";
            Assert.True(told == race.Overtaken || race.Others.Contains(told), $"seed {seed}, round {round}: {told}");
            came[told] = came.GetValueOrDefault(told) + 1;
            if (contest.Check is { } check)
                await check(hubs.Two.Other);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}, {name}: {string.Join("; ", came.Select(one => $"{one.Value} x {one.Key}"))}");
    }

    private static Task<string> At(Barrier start, int spins, Func<Task<string>> move) => Task.Run(() =>
    {
        start.SignalAndWait(TestContext.Current.CancellationToken);
        Thread.SpinWait(spins);
        return move();
    });

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;

    public sealed class Hubs : IAsyncLifetime
    {
        internal TwoHubs Two { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Two = await TwoHubs.CreateAsync();

        public ValueTask DisposeAsync() => Two.DisposeAsync();
    }
}
