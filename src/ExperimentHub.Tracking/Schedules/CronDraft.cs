using System.Globalization;
using ExperimentHub.Protocol;

namespace ExperimentHub.Tracking.Schedules;

/// <summary>The shapes of a schedule that a person can choose without knowing cron.</summary>
public enum CronShape
{
    EveryDay,
    Workdays,
    Weekends,
    ChosenDays,
    DayOfMonth,
    EveryHour,

    /// <summary>Anything else: the expression as typed.</summary>
    Own,
}

/// <summary>Days of a week, Monday first.</summary>
[Flags]
public enum WeekDays
{
    None = 0,
    Monday = 1,
    Tuesday = 2,
    Wednesday = 4,
    Thursday = 8,
    Friday = 16,
    Saturday = 32,
    Sunday = 64,
    Workdays = Monday | Tuesday | Wednesday | Thursday | Friday,
    Weekend = Saturday | Sunday,
    All = Workdays | Weekend,
}

/// <summary>
/// A cron expression in plain words, with every field as typed, whether it can be read or not. <see cref="Of"/> and <see cref="Cron"/> are each
/// other's inverse for all shapes; chosen days that are all workdays, the weekend or the whole week are the shape of that name.
/// </summary>
/// <param name="Shape">Says which of the other fields count.</param>
/// <param name="Time">Time of day, <c>02:30</c>.</param>
/// <param name="Days">For <see cref="CronShape.ChosenDays"/>.</param>
/// <param name="DayOfMonth">For <see cref="CronShape.DayOfMonth"/>: 1 to 31.</param>
/// <param name="Minute">For <see cref="CronShape.EveryHour"/>: 0 to 59.</param>
/// <param name="Own">For <see cref="CronShape.Own"/>: the expression.</param>
public sealed record CronDraft(CronShape Shape, string Time, WeekDays Days, string DayOfMonth, string Minute, string Own)
{
    /// <summary>Every night, when most machines are idle.</summary>
    public static CronDraft Nightly { get; } = new(CronShape.EveryDay, "02:30", WeekDays.None, "1", "0", "");

    private static readonly string[] TimeFormats = ["H:mm", "HH:mm", "H.mm", "HH.mm"];
    private static readonly string[] Names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    /// <summary>The time of day; null where the text is none.</summary>
    public TimeOnly? TimeOfDay =>
        TimeOnly.TryParseExact(Time.Trim(), TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    /// <summary>The expression in crontab's five fields, or the own one as typed; null where a field cannot be read.</summary>
    public string? Cron
    {
        get
        {
            if (Problems.Count > 0)
                return null;
            var at = TimeOfDay is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time.Minute} {time.Hour}") : "";
            return Shape switch
            {
                CronShape.EveryDay => $"{at} * * *",
                CronShape.Workdays => $"{at} * * {DaysField(WeekDays.Workdays)}",
                CronShape.Weekends => $"{at} * * {DaysField(WeekDays.Weekend)}",
                CronShape.ChosenDays => $"{at} * * {DaysField(Days)}",
                CronShape.DayOfMonth => string.Create(CultureInfo.InvariantCulture, $"{at} {Number(DayOfMonth, 1, 31)} * *"),
                CronShape.EveryHour => string.Create(CultureInfo.InvariantCulture, $"{Number(Minute, 0, 59)} * * * *"),
                _ => Own.Trim(),
            };
        }
    }

    /// <summary>
    /// What is wrong with the fields that count: <c>time</c>, <c>days</c>, <c>dayOfMonth</c> or <c>minute</c>. An own expression is judged by the
    /// clockwork.
    /// </summary>
    public IReadOnlyList<SpecProblem> Problems
    {
        get
        {
            List<SpecProblem> problems = [];
            if (Shape is not (CronShape.EveryHour or CronShape.Own) && TimeOfDay is null)
                problems.Add(new SpecProblem("time", $"'{Time.Trim()}' is not a time of day. Write hours and minutes, such as 02:30 or 14:05."));
            if (Shape == CronShape.ChosenDays && Days == WeekDays.None)
                problems.Add(new SpecProblem("days", "Choose at least one day."));
            if (Shape == CronShape.DayOfMonth && Number(DayOfMonth, 1, 31) is null)
                problems.Add(new SpecProblem("dayOfMonth", $"'{DayOfMonth.Trim()}' is not a day of a month. Write a number from 1 to 31."));
            if (Shape == CronShape.EveryHour && Number(Minute, 0, 59) is null)
                problems.Add(new SpecProblem("minute", $"'{Minute.Trim()}' is not a minute of an hour. Write a number from 0 to 59."));
            return problems;
        }
    }

    /// <summary>The fields of an expression: any white space separates them, tabs as in many a crontab too.</summary>
    public static string[] Fields(string cron) => cron.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Another shape that keeps what was there: the own expression begins as the one before, the chosen days as those that fired.</summary>
    public CronDraft As(CronShape shape)
    {
        if (shape == Shape)
            return this;
        var known = Shape == CronShape.Own && Of(Own) is { Shape: not CronShape.Own } read ? read with { Own = Own } : this;
        return shape switch
        {
            CronShape.Own => known with { Shape = shape, Own = known.Cron ?? known.Own },
            CronShape.ChosenDays when known.Shape == CronShape.Workdays => known with { Shape = shape, Days = WeekDays.Workdays },
            CronShape.ChosenDays when known.Shape == CronShape.Weekends => known with { Shape = shape, Days = WeekDays.Weekend },
            _ => known with { Shape = shape },
        };
    }

    /// <summary>Recognises the plain shapes in crontab's five fields and in Quartz's six or seven; everything else is an own expression.</summary>
    public static CronDraft Of(string cron)
    {
        var own = Nightly with { Shape = CronShape.Own, Own = cron.Trim() };
        var fields = Fields(cron);
        var quartz = fields.Length is 6 or 7;
        if (quartz && (fields[0] is not ("0" or "00") || (fields.Length == 7 && fields[6] != "*")))
            return own;
        if (quartz)
            fields = fields[1..6];
        if (fields.Length != 5 || fields[3] != "*" || Number(fields[0], 0, 59) is not { } minute)
            return own;
        var (anyDate, anyDay) = (fields[2] is "*" or "?", fields[4] is "*" or "?");
        if (fields[1] == "*")
            return anyDate && anyDay ? own with { Shape = CronShape.EveryHour, Minute = Text(minute), Own = "" } : own;
        if (Number(fields[1], 0, 23) is not { } hour)
            return own;
        var plain = Nightly with { Time = new TimeOnly(hour, minute).ToString("HH:mm", CultureInfo.InvariantCulture) };
        if (anyDay)
            return anyDate ? plain : Number(fields[2], 1, 31) is { } day ? plain with { Shape = CronShape.DayOfMonth, DayOfMonth = Text(day) } : own;
        return (anyDate ? DaysOf(fields[4], quartz) : WeekDays.None) switch
        {
            // With a date too, crontab and Quartz disagree on what is meant.
            WeekDays.None => own,
            WeekDays.All => plain,
            WeekDays.Workdays => plain with { Shape = CronShape.Workdays },
            WeekDays.Weekend => plain with { Shape = CronShape.Weekends },
            var days => plain with { Shape = CronShape.ChosenDays, Days = days },
        };
    }

    private static string DaysField(WeekDays days) => days switch
    {
        WeekDays.All => "*",
        WeekDays.Workdays => "1-5",
        _ => string.Join(',', Enumerable.Range(0, 7).Where(day => days.HasFlag(FlagOf(day)))),
    };

    /// <summary>Lists and ranges of names or numbers; <see cref="WeekDays.None"/> for anything else.</summary>
    public static WeekDays DaysOf(string field, bool quartz)
    {
        var days = WeekDays.None;
        foreach (var part in field.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || DayOf(ends[0], quartz) is not { } first || DayOf(ends[^1], quartz) is not { } last)
                return WeekDays.None;
            // 0-7 begins and ends on Sunday.
            if (first == last && ends[0] != ends[^1])
                return WeekDays.All;
            // A range may reach over Saturday: 5-7 and FRI-MON.
            for (var day = first; ; day = (day + 1) % 7)
            {
                days |= FlagOf(day);
                if (day == last)
                    break;
            }
        }

        return days;
    }

    /// <summary>0 for Sunday to 6. Crontab counts from Sunday as 0 and takes 7 for it too; Quartz counts from Sunday as 1.</summary>
    private static int? DayOf(string text, bool quartz)
    {
        var name = Array.FindIndex(Names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        return name >= 0 ? name : quartz ? Number(text, 1, 7) - 1 : Number(text, 0, 7) % 7;
    }

    private static WeekDays FlagOf(int day) => day == 0 ? WeekDays.Sunday : (WeekDays)(1 << (day - 1));

    private static int? Number(string text, int least, int most) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
