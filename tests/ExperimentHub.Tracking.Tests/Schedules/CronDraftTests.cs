using ExperimentHub.Tracking.Schedules;

namespace ExperimentHub.Tracking.Tests.Schedules;

public sealed class CronDraftTests
{
    private const WeekDays MondayAndSunday = WeekDays.Monday | WeekDays.Sunday;

    public static TheoryData<CronDraft, string, string> Shapes => new()
    {
        { CronDraft.Nightly, "30 2 * * *", "Every day at 02:30" },
        { CronDraft.Nightly with { Time = "00:00" }, "0 0 * * *", "Every day at 00:00" },
        { CronDraft.Nightly with { Shape = CronShape.Workdays, Time = "23:59" }, "59 23 * * 1-5", "Monday to Friday at 23:59" },
        { CronDraft.Nightly with { Shape = CronShape.Weekends }, "30 2 * * 0,6", "Saturday and Sunday at 02:30" },
        { CronDraft.Nightly with { Shape = CronShape.ChosenDays, Days = WeekDays.Tuesday }, "30 2 * * 2", "Every Tuesday at 02:30" },
        { CronDraft.Nightly with { Shape = CronShape.ChosenDays, Days = MondayAndSunday }, "30 2 * * 0,1", "Monday and Sunday at 02:30" },
        { CronDraft.Nightly with { Shape = CronShape.ChosenDays, Days = WeekDays.All ^ WeekDays.Sunday }, "30 2 * * 1,2,3,4,5,6",
            "Monday, Tuesday, Wednesday, Thursday, Friday and Saturday at 02:30" },
        { CronDraft.Nightly with { Shape = CronShape.DayOfMonth, DayOfMonth = "31" }, "30 2 31 * *", "On day 31 of each month at 02:30" },
        { CronDraft.Nightly with { Shape = CronShape.EveryHour, Minute = "0" }, "0 * * * *", "Every hour on the hour" },
        { CronDraft.Nightly with { Shape = CronShape.EveryHour, Minute = "5" }, "5 * * * *", "Every hour at 05 past" },
        { CronDraft.Nightly with { Shape = CronShape.Own, Own = "*/15 2-4 * * 1-5" }, "*/15 2-4 * * 1-5", "*/15 2-4 * * 1-5" },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Cron_OfEachShape_IsReadBackAsTheSame(CronDraft draft, string cron, string words)
    {
        Assert.Equal(cron, draft.Cron);
        // The time of day of a shape that has none is not in the expression.
        Assert.Equal(draft, CronDraft.Of(cron));
        Assert.Equal(words, CronWords.Of(draft));
        Assert.Equal(words, CronWords.Of(cron));
    }

    [Theory]
    [InlineData("0 30 2 * * ?", "Every day at 02:30")]
    [InlineData("0 30 2 ? * *", "Every day at 02:30")]
    [InlineData("0 30 2 ? * MON-FRI *", "Monday to Friday at 02:30")]
    [InlineData("0 30 2 ? * 1", "Every Sunday at 02:30")] // Quartz counts from Sunday as 1
    [InlineData("30 2 * * 1", "Every Monday at 02:30")] // crontab counts from Sunday as 0
    [InlineData("30 2 * * 7", "Every Sunday at 02:30")]
    [InlineData(" 05  02 * * * ", "Every day at 02:05")]
    [InlineData("30 2 * * sat,SUN", "Saturday and Sunday at 02:30")]
    [InlineData("30 2 * * 6-7", "Saturday and Sunday at 02:30")]
    [InlineData("30 2 * * 0-7", "Every day at 02:30")]
    [InlineData("30 2 * * 1,2,3,4,5", "Monday to Friday at 02:30")]
    [InlineData("30 2 * * FRI-MON", "Monday, Friday, Saturday and Sunday at 02:30")]
    public void Of_OtherWaysToSayAShape_MeansTheSame(string cron, string words)
    {
        Assert.NotEqual(CronShape.Own, CronDraft.Of(cron).Shape);
        Assert.Equal(words, CronWords.Of(cron));
    }

    /// <summary>Many people read it as "Friday the 13th"; crontab means either.</summary>
    [Theory]
    [InlineData("30 2 13 * 5", "On day 13 of each month or on Friday (either is enough) at 02:30")]
    [InlineData("0 30 2 13 * FRI", "On day 13 of each month or on Friday (either is enough) at 02:30")]
    [InlineData("30 2 */2 * 5", "On every other day from day 1 of each month or on Friday (either is enough) at 02:30")]
    [InlineData("30 2 1,15 * 1-5", "On days 1 and 15 of each month or on Monday to Friday (either is enough) at 02:30")]
    [InlineData("0 30 2 13 * FRI 2027", "0 30 2 13 * FRI 2027 (either the day of the month or the weekday is enough)")]
    [InlineData("*/5 2 L 6 5", "*/5 2 L 6 5 (either the day of the month or the weekday is enough)")]
    [InlineData("30 2 1-7 * */2", "30 2 1-7 * */2 (either the day of the month or the weekday is enough)")]
    public void Of_ADateBesideAWeekday_SaysThatEitherIsEnough(string cron, string words)
    {
        Assert.Equal(CronShape.Own, CronDraft.Of(cron).Shape);
        Assert.Equal(words, CronWords.Of(cron));
    }

    [Theory]
    [InlineData("30\t2\t*\t*\t*", "Every day at 02:30")]
    [InlineData("\t0  30 \t2 ? * MON-FRI ", "Monday to Friday at 02:30")]
    public void Of_TabsAndManySpaces_SeparateFields(string cron, string words) => Assert.Equal(words, CronWords.Of(cron));

    [Theory]
    [InlineData("")]
    [InlineData("every night")]
    [InlineData("30 2 * *")]
    [InlineData("60 2 * * *")]
    [InlineData("30 24 * * *")]
    [InlineData("-5 2 * * *")]
    [InlineData("30 2 0 * *")]
    [InlineData("30 2 32 * *")]
    [InlineData("30 2 L * *")]
    [InlineData("30 2 1,15 * *")]
    [InlineData("30 2 * 1 *")]
    [InlineData("30 2 * * 8")]
    [InlineData("30 2 * * MON#1")]
    [InlineData("30 2 * * 1,")]
    [InlineData("30 2 * * 1-3-5")]
    [InlineData("30 2,3 * * *")]
    [InlineData("*/5 * * * *")]
    [InlineData("5 * 1 * *")]
    [InlineData("15 30 2 * * ?")] // seconds
    [InlineData("0 30 2 * * ? 2027")]
    [InlineData("0 30 2 ? * 6L")]
    public void Of_AnythingElse_IsKeptAsTyped(string cron)
    {
        var draft = CronDraft.Of(cron);
        Assert.Equal((CronShape.Own, cron), (draft.Shape, draft.Own));
        Assert.Equal(cron, draft.Cron);
        Assert.Equal(cron, CronWords.Of(cron));
    }

    [Fact]
    public void As_ToTheOwnExpressionAndBack_KeepsWhatWasThere()
    {
        var chosen = CronDraft.Nightly with { Shape = CronShape.ChosenDays, Time = "14:05", Days = WeekDays.Friday };
        var own = chosen.As(CronShape.Own);
        Assert.Equal("5 14 * * 5", own.Own);
        Assert.Equal("15 3 * * 5", (own with { Own = "15 3 * * 5" }).As(CronShape.ChosenDays).Cron);
        Assert.Equal("5 14 * * *", (own with { Own = "not yet cron" }).As(CronShape.EveryDay).Cron);
    }

    [Fact]
    public void As_ChosenDaysAfterWeekdays_BeginsWithThem() =>
        Assert.Equal(WeekDays.Workdays, (CronDraft.Nightly with { Shape = CronShape.Workdays }).As(CronShape.ChosenDays).Days);

    [Theory]
    [InlineData(CronShape.EveryDay, "2:", "time")]
    [InlineData(CronShape.EveryDay, "24:00", "time")]
    [InlineData(CronShape.EveryDay, "", "time")]
    [InlineData(CronShape.ChosenDays, "02:30", "days")]
    [InlineData(CronShape.DayOfMonth, "02:30", "dayOfMonth")]
    [InlineData(CronShape.EveryHour, "", "minute")]
    public void Problems_FieldThatCannotBeRead_NamesItAndGivesNoCron(CronShape shape, string time, string field)
    {
        var draft = CronDraft.Nightly with { Shape = shape, Time = time, DayOfMonth = "32", Minute = "x" };
        Assert.Equal(field, Assert.Single(draft.Problems).Field);
        Assert.Null(draft.Cron);
        Assert.Null(CronWords.Of(draft));
    }

    [Theory]
    [InlineData("2:05")]
    [InlineData("02:05")]
    [InlineData(" 2.05 ")]
    public void TimeOfDay_TheWaysPeopleWriteIt_IsRead(string time) => Assert.Equal("5 2 * * *", (CronDraft.Nightly with { Time = time }).Cron);
}
