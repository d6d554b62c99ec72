using System.Globalization;
using ExperimentHub.Execution.Schedules;

namespace ExperimentHub.Execution.Tests.Schedules;

/// <summary>
/// Decision 6's rules around every change of every zone's clocks, against a plain walk through the minutes with offsets from the zones' own files.
/// </summary>
public sealed class EveryZoneTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Around = TimeSpan.FromHours(40);

    private readonly QuartzFireTimes _times = new(TimeProvider.System);

    [Fact]
    public void Next_AroundEveryChangeOfThreeYears_IsWhatTheClocksOnTheWallShow() => Compare(new Random(20271031), [2026, 2027, 2031]);

    [Fact]
    public void Next_AroundTheChangesOfAnyYear_IsWhatTheClocksOnTheWallShow()
    {
        var seed = TestSeed.Take(output.WriteLine);
        var random = new Random(seed);
        Compare(random, [random.Next(1975, 2038), random.Next(1975, 2038)]);
    }

    /// <summary>The odd ones: a winter that is the exception, half an hour, midnight, a day that never was, three changes in Ramadan.</summary>
    [Theory]
    [InlineData("Europe/Dublin", 1971)]
    [InlineData("Europe/Dublin", 2037)]
    [InlineData("Africa/Casablanca", 2030)]
    [InlineData("Africa/El_Aaiun", 2019)]
    [InlineData("Africa/Windhoek", 1994)]
    [InlineData("Europe/Prague", 1947)]
    [InlineData("Australia/Lord_Howe", 1981)]
    [InlineData("Antarctica/Troll", 2016)]
    [InlineData("America/Havana", 2027)]
    [InlineData("Africa/Cairo", 2024)]
    [InlineData("America/Caracas", 2007)]
    [InlineData("Asia/Pyongyang", 2015)]
    [InlineData("Pacific/Apia", 2011)]
    [InlineData("Pacific/Kwajalein", 1993)]
    [InlineData("Pacific/Kwajalein", 1969)]
    public void Next_InAnOddYear_IsWhatTheClocksOnTheWallShow(string zone, int year)
    {
        Assert.SkipUnless(ZoneFile.Exists, "this machine keeps its time zones elsewhere");
        var file = ZoneFile.Read(zone);
        var changes = file.Changes.Where(change => change.Year == year).ToList();
        Assert.NotEmpty(changes);
        foreach (var change in changes)
            CompareAt(new Random(year), zone, file, change);
    }

    private void Compare(Random random, int[] years)
    {
        Assert.SkipUnless(ZoneFile.Exists, "this machine keeps its time zones elsewhere");
        var compared = 0;
        foreach (var zone in TimeZoneInfo.GetSystemTimeZones().Where(zone => zone.HasIanaId))
        {
            var file = ZoneFile.Read(zone.Id);
            foreach (var change in file.Changes.Where(change => years.Contains(change.Year)))
            {
                CompareAt(random, zone.Id, file, change);
                compared++;
            }
        }

        output.WriteLine($"{compared} changes in {string.Join(", ", years)}");
        Assert.NotEqual(0, compared);
    }

    private void CompareAt(Random random, string zone, ZoneFile file, DateTimeOffset change)
    {
        // A daily time within three hours of the change, where anything can go wrong, and expressions that fire many times on that day.
        var near = change.ToOffset(TimeSpan.Zero).Add(file.OffsetAt(change.AddSeconds(-1))).AddMinutes(random.Next(-180, 181));
        string[] expressions =
        [
            string.Create(CultureInfo.InvariantCulture, $"{near.Minute} {near.Hour} * * *"), "30 1 * * *", "0 0 * * *", "0 * * * *",
            string.Create(CultureInfo.InvariantCulture, $"*/{random.Next(2, 60)} * * * *"),
            string.Create(CultureInfo.InvariantCulture, $"{near.Minute} */{random.Next(2, 12)} * * *"),
        ];
        foreach (var typed in expressions)
        {
            var expected = Walk(typed, file, change - Around, change + Around);
            var got = _times.Next(_times.Read(typed).Cron!, zone, change - Around, expected.Count + 1);
            Assert.True(expected.SequenceEqual(got.Take(expected.Count).Select(time => time.ToUniversalTime())),
                $"{typed} in {zone} around {change:u}\nexpected {Show(expected)}\ngot      {Show(got)}");
            Assert.All(got, time => Assert.Equal(file.OffsetAt(time), time.Offset));
            Assert.Equal(got.Order().Distinct(), got);
        }
    }

    /// <summary>Minute by minute: what the clocks show for the first time, or have just leapt over, fires.</summary>
    private static List<DateTimeOffset> Walk(string typed, ZoneFile file, DateTimeOffset after, DateTimeOffset until)
    {
        var fields = typed.Split(' ');
        var (minutes, hours) = (Values(fields[0], 60), Values(fields[1], 24));
        List<DateTimeOffset> fires = [];
        var begin = new DateTimeOffset(after.UtcTicks - after.UtcTicks % TimeSpan.TicksPerMinute, TimeSpan.Zero);
        var shown = DateTime.MinValue;
        for (var minute = begin - Around; minute < until; minute = minute.AddMinutes(1))
        {
            var wall = (minute + file.OffsetAt(minute)).DateTime;
            if (shown == DateTime.MinValue)
                shown = wall;
            var fired = false;
            for (; shown < wall; fired |= minutes.Contains(shown.Minute) && hours.Contains(shown.Hour))
                shown = shown.AddMinutes(1);
            if (fired && minute > after)
                fires.Add(minute);
        }

        return fires;
    }

    private static HashSet<int> Values(string field, int end) => field switch
    {
        "*" => [.. Enumerable.Range(0, end)],
        _ when field.StartsWith("*/", StringComparison.Ordinal) =>
            [.. Enumerable.Range(0, end).Where(value => value % int.Parse(field[2..], CultureInfo.InvariantCulture) == 0)],
        _ => [int.Parse(field, CultureInfo.InvariantCulture)],
    };

    private static string Show(IEnumerable<DateTimeOffset> times) =>
        string.Join(", ", times.Select(time => time.ToString("u", CultureInfo.InvariantCulture)));
}
