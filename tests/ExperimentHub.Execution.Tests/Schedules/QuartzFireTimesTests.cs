using System.Globalization;
using ExperimentHub.Execution.Schedules;
using ExperimentHub.Tracking.Schedules;

namespace ExperimentHub.Execution.Tests.Schedules;

public sealed class QuartzFireTimesTests
{
    private readonly QuartzFireTimes _times = new(TimeProvider.System);

    [Theory]
    [InlineData("30 2 * * *", "0 30 2 * * ?")]
    [InlineData(" 30  2 * * 0 ", "0 30 2 ? * SUN")]
    [InlineData("30 2 * * 7", "0 30 2 ? * SUN")]
    [InlineData("0 30 2 ? * MON-FRI", "0 30 2 ? * MON-FRI")]
    [InlineData("30\t2\t*\t*\t*", "0 30 2 * * ?")]
    [InlineData("\t30 \t 2 * *\t7 ", "0 30 2 ? * SUN")]
    public void Read_CrontabOrQuartz_IsQuartzsForm(string typed, string cron) => Assert.Equal((cron, null), _times.Read(typed));

    /// <summary>What is stored is Quartz's form, and the words are read from that.</summary>
    [Theory]
    [InlineData(CronShape.EveryDay)]
    [InlineData(CronShape.Workdays)]
    [InlineData(CronShape.Weekends)]
    [InlineData(CronShape.ChosenDays)]
    [InlineData(CronShape.DayOfMonth)]
    [InlineData(CronShape.EveryHour)]
    public void Read_CronOfAPlainShape_IsTheSameShapeInQuartzsForm(CronShape shape)
    {
        // Only what the shape uses: the rest is not in the expression.
        var draft =
            CronDraft.Of((CronDraft.Nightly with
            {
                Shape = shape,
                Time = "14:05",
                Days = WeekDays.Sunday | WeekDays.Tuesday | WeekDays.Wednesday,
                DayOfMonth = "31",
                Minute = "59"
            }).Cron!);
        Assert.Equal(shape, draft.Shape);
        Assert.Equal(draft, CronDraft.Of(_times.Read(draft.Cron!).Cron!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("every night")]
    [InlineData("30 2 * *")]
    [InlineData("60 2 * * *")]
    [InlineData("99 2 * * *")] // Quartz's own mark for "every"
    [InlineData("30 98 * * *")]
    [InlineData("30 25 * * *")]
    [InlineData("30 2 * * 8")]
    [InlineData("30 2 31 2 *")] // a date that does not come
    [InlineData("* * * * * ?")] // every second
    [InlineData("0,30 0 2 * * ?")]
    [InlineData("0/10 0 2 * * ?")]
    public void Read_AnythingElse_SaysWhatIsWrong(string typed)
    {
        var (cron, problem) = _times.Read(typed);
        Assert.Null(cron);
        Assert.False(string.IsNullOrWhiteSpace(problem));
    }

    [Theory]
    [InlineData("Europe/Berlin", "2027-03-28", "2027-03-28T03:00:00+02:00")] // in the gap: when it ends
    [InlineData("Europe/Berlin", "2027-10-31", "2027-10-31T02:30:00+02:00")] // twice on the clock: the first
    [InlineData("America/New_York", "2027-03-14", "2027-03-14T03:00:00-04:00")]
    [InlineData("America/New_York", "2027-11-07", "2027-11-07T02:30:00-05:00")]
    [InlineData("Australia/Lord_Howe", "2027-10-03", "2027-10-03T02:30:00+11:00")] // half an hour only: 02:30 is when its gap ends
    [InlineData("Australia/Lord_Howe", "2027-04-04", "2027-04-04T02:30:00+10:30")]
    [InlineData("Africa/Casablanca", "2027-02-07", "2027-02-07T02:30:00+01:00")] // Ramadan: its summer time is the rule
    [InlineData("Africa/Casablanca", "2027-03-14", "2027-03-14T03:00:00+01:00")]
    public void Next_OverADaylightChange_IsOncePerNight(string zone, string day, string expected)
    {
        var date = DateOnly.Parse(day, CultureInfo.InvariantCulture);
        var noonBefore = new DateTimeOffset(date.AddDays(-2), new TimeOnly(12, 0), TimeSpan.Zero);
        var nights = _times.Next("0 30 2 * * ?", zone, noonBefore, 4);
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture),
            Assert.Single(nights, night => DateOnly.FromDateTime(night.DateTime) == date));
        Assert.Equal(4, nights.Select(night => night.Date).Distinct().Count());
    }
}
