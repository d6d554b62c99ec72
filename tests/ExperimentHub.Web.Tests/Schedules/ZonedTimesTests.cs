using System.Globalization;
using ExperimentHub.Web.Schedules;

namespace ExperimentHub.Web.Tests.Schedules;

public sealed class ZonedTimesTests
{
    [Fact]
    public void Change_OffsetsDiffer_NamesTheFirstTimeAfterIt()
    {
        var change = ZonedTimes.Change([Time("2027-03-27T02:30:00+01:00"), Time("2027-03-28T03:00:00+02:00"), Time("2027-03-29T02:30:00+02:00")]);
        Assert.Contains("Sun 28 Mar 2027, 03:00: from UTC+01:00 to UTC+02:00", change, StringComparison.Ordinal);
        Assert.Null(ZonedTimes.Change([Time("2027-03-26T02:30:00+01:00"), Time("2027-03-27T02:30:00+01:00")]));
    }

    [Theory]
    [InlineData("2027-03-28T03:00:00+02:00", "leap over 02:30")]
    [InlineData("2027-10-31T02:30:00+02:00", "twice")]
    [InlineData("2027-10-30T02:30:00+02:00", null)]
    public void Oddity_NightOfAChange_IsSaid(string time, string? words)
    {
        var oddity = ZonedTimes.Oddity(Time(time), "Europe/Berlin", new TimeOnly(2, 30));
        if (words is null)
            Assert.Null(oddity);
        else
            Assert.Contains(words, oddity, StringComparison.Ordinal);
    }

    /// <summary>Where the winter is the exception, TimeZoneInfo has the wrong hour.</summary>
    [Theory]
    [InlineData("2027-10-31T01:30:00+01:00", true)]
    [InlineData("2027-10-31T02:30:00+00:00", false)]
    [InlineData("2027-03-28T02:30:00+01:00", false)]
    public void Oddity_InDublin_IsOfTheHourThatItsClocksShowTwice(string time, bool twice) =>
        Assert.Equal(twice, ZonedTimes.Oddity(Time(time), "Europe/Dublin", null)?.Contains("twice", StringComparison.Ordinal) == true);

    [Fact]
    public void In_ZoneThatIsGone_IsUtc() => Assert.Equal(TimeSpan.Zero, ZonedTimes.In(DateTime.UtcNow, "Mars/Olympus").Offset);

    [Theory]
    [InlineData("Europe/Berlin", true)]
    [InlineData("Mars/Olympus", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void IsKnown_OnlyIanaNames(string? zone, bool known) => Assert.Equal(known, ZonedTimes.IsKnown(zone));

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
