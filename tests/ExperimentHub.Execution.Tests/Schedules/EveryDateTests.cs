using System.Globalization;
using ExperimentHub.Execution.Schedules;

namespace ExperimentHub.Execution.Tests.Schedules;

/// <summary>
/// Dates, months and weekdays of random crontab lines, against a plain walk through the days: either a date or a weekday is enough.
/// </summary>
public sealed class EveryDateTests(ITestOutputHelper output)
{
    private readonly QuartzFireTimes _times = new(new At2027());

    [Fact]
    public void Next_OfRandomDates_IsEveryDayThatMatches() => Compare(new Random(29022028), 300);

    [Fact]
    public void Next_OfFreshRandomDates_IsEveryDayThatMatches()
    {
        var seed = TestSeed.Take(output.WriteLine);
        Compare(new Random(seed), 150);
    }

    [Theory]
    [InlineData("7 3 8-25 4 0-6")]
    [InlineData("7 3 13 4 SUN-SAT")]
    [InlineData("7 3 13 4 0,1,2,3,4,5,6")]
    [InlineData("7 3 1-31 4 5")]
    [InlineData("0 7 3 13 4 1-7")]
    public void Next_EveryWeekdayOrEveryDateIsEnough_IsEveryDay(string typed)
    {
        var days = _times.Next(_times.Read(typed).Cron!, "Etc/UTC", At2027.Now, 30);
        Assert.Equal(Enumerable.Range(1, 30), days.Select(day => day.Day));
        Assert.All(days, day => Assert.Equal((4, 3, 7), (day.Month, day.Hour, day.Minute)));
    }

    /// <summary>Four years apart, eight over 2100, and not for ever: Quartz's years end.</summary>
    [Fact]
    public void Next_LeapDays_AreAllOfThem()
    {
        var days = _times.Next(_times.Read("30 2 29 2 *").Cron!, "Europe/Dublin",
            DateTimeOffset.Parse("2091-01-01T00:00:00Z", CultureInfo.InvariantCulture), 4);
        Assert.Equal([2092, 2096, 2104, 2108], days.Select(day => day.Year));
        Assert.All(days, day => Assert.Equal((2, 29, 2, 30), (day.Month, day.Day, day.Hour, day.Minute)));
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    public void Next_AtTheEndsOfTime_IsNone(string after) =>
        Assert.Empty(_times.Next("0 30 2 * * ?", "Pacific/Apia", DateTimeOffset.Parse(after, CultureInfo.InvariantCulture), 1));

    private void Compare(Random random, int lines)
    {
        for (var i = 0; i < lines; i++)
        {
            var (date, month, day) = (Field(random, 1, 28), Field(random, 1, 12), Field(random, 0, 6));
            var typed = $"7 3 {date} {month} {day}";
            var (cron, problem) = _times.Read(typed);
            Assert.True(cron is not null, $"{typed}: {problem}");
            var got = _times.Next(cron, "Etc/UTC", At2027.Now, 30).Select(time => DateOnly.FromDateTime(time.DateTime));
            var (dates, months, weekdays) = (Values(date, 1, 31), Values(month, 1, 12), Values(day, 0, 6));
            var expected = Enumerable.Range(0, 366 * 40).Select(DateOnly.FromDateTime(At2027.Now.DateTime).AddDays)
                .Where(at => months.Contains(at.Month) && Fits(at.Day, (int)at.DayOfWeek)).Take(30);
            Assert.True(expected.SequenceEqual(got), typed);

            bool Fits(int number, int weekday) => date == "*" || day == "*"
                ? dates.Contains(number) && weekdays.Contains(weekday)
                : dates.Contains(number) || weekdays.Contains(weekday);
        }
    }

    private static string Field(Random random, int least, int most)
    {
        var (one, other) = (random.Next(least, most + 1), random.Next(least, most + 1));
        FormattableString field = random.Next(5) switch
        {
            0 or 1 => $"*",
            2 => $"{one}",
            3 when one < other => $"{one}-{other}",
            _ when one != other => $"{Math.Min(one, other)},{Math.Max(one, other)}",
            _ => $"*/{random.Next(2, most)}",
        };
        return FormattableString.Invariant(field);
    }

    private static HashSet<int> Values(string field, int least, int most)
    {
        var all = Enumerable.Range(least, most - least + 1);
        if (field == "*")
            return [.. all];
        if (field.StartsWith("*/", StringComparison.Ordinal))
            return [.. all.Where(value => (value - least) % Number(field[2..]) == 0)];
        return field.Split('-') is [var first, var last]
            ? [.. all.Where(value => value >= Number(first) && value <= Number(last))] : [.. field.Split(',').Select(Number)];
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private sealed class At2027 : TimeProvider
    {
        public static readonly DateTimeOffset Now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
