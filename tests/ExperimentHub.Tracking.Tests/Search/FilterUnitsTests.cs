using System.Globalization;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Tracking.Tests.Search;

/// <summary>Numbers as the pages write them, wherever a number may stand.</summary>
public sealed class FilterUnitsTests
{
    private static readonly DateTime Now = new(2026, 11, 24, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData("metrics.test_accuracy > 95%", 0.95)]
    [InlineData("metrics.test_accuracy > 95.70 %", 0.957)]
    [InlineData("best(metrics.test_accuracy) >= 1e1%", 0.1)]
    [InlineData("metrics.x > -5%", -0.05)]
    [InlineData("metrics.x > - .5 %", -0.005)]
    [InlineData("metrics.x > 0%", 0.0)]
    [InlineData("metrics.x > 150%", 1.5)]
    [InlineData("params.model.dropout = 50%", 0.5)]
    [InlineData("epochs_done > 50%", 0.5)]
    [InlineData("metrics.cpu_percent > 95%", 95.0)]
    [InlineData("duration > 1 m 23 s", 83.0)]
    [InlineData("duration > 2 h 05 m", 7500.0)]
    [InlineData("duration > 0.42 s", 0.42)]
    [InlineData("duration > 5 min", 300.0)]
    [InlineData("duration > 5M", 300.0)]
    [InlineData("metrics.memory_bytes > 1.5 GiB", 1610612736.0)]
    [InlineData("metrics.memory_bytes > 500 MB", 500e6)]
    [InlineData("metrics.memory_bytes > 31kib", 31744.0)]
    [InlineData("parameters > 5.04 M", 5.04e6)]
    [InlineData("params.batchSize > 1.5k", 1500.0)]
    public void Parse_NumberWithAUnit_IsInTheUnitOfItsColumn(string text, double value) =>
        Assert.Equal(value, Assert.IsType<double>(Assert.IsType<Compare>(Parsed(text)).Value), 12);

    [Theory]
    [InlineData("created > 2 h ago", 2.0)]
    [InlineData("created > 90min ago", 1.5)]
    [InlineData("created > now() - 1 h 30 m", 1.5)]
    public void Parse_TimeAgo_IsThatLongBeforeNow(string text, double hours) =>
        Assert.Equal(Now.AddHours(-hours), Assert.IsType<Compare>(Parsed(text)).Value);

    [Fact]
    public void Parse_ListsAndRanges_TakeUnitsToo()
    {
        Assert.Equal([0.9, 0.955, 1.0], Assert.IsType<OneOf>(Parsed("metrics.test_accuracy in (90%, 95.5 %, 1)")).Values);
        Assert.Equal([10.0, 90.0], Assert.IsType<OneOf>(Parsed("duration in (10 s, 1 m 30 s)")).Values);
        var range = Assert.IsType<AllOf>(Parsed("metrics.test_accuracy between 90% and 95% and name = 'x'")).Parts;
        Assert.Equal([CompareOp.GreaterOrEqual, CompareOp.LessOrEqual], Assert.IsType<AllOf>(range[0]).Parts.Cast<Compare>().Select(part => part.Op));
        Assert.IsType<Not>(Parsed("metrics.test_accuracy NOT BETWEEN 0.5 and 95%"));
        var days = Assert.IsType<AllOf>(Parsed("created between '2026-11-24' and '2026-11-25'")).Parts.Cast<Compare>().Select(part => part.Value);
        Assert.Equal([new DateTime(2026, 11, 24, 0, 0, 0, DateTimeKind.Utc), new DateTime(2026, 11, 26, 0, 0, 0, DateTimeKind.Utc)], days);
    }

    [Theory]
    [InlineData("parameters > 7,850", "7850")]
    [InlineData("parameters > 1,234,567 and name = 'x'", "1234567")]
    [InlineData("created > 7 d", "now() - 7 d")]
    [InlineData("tags.share = 95%", "'95%'")]
    public void Parse_NotationThatCannotBeTaken_SaysHowToWriteIt(string text, string instead)
    {
        var problem = FilterParser.Parse(text, Now).Problem!;
        Assert.Equal(instead, problem.DidYouMean);
        Assert.NotNull(FilterParser.Parse(text[..problem.Position] + instead + text[(problem.Position + problem.Length)..], Now).Filter);
    }

    [Theory]
    [InlineData("duration > 50%", "1 m 23 s")]
    [InlineData("epochs_done > 5 min", "without")]
    [InlineData("metrics.x > 5%%", "Found %")]
    [InlineData("metrics.x > %", "Found %")]
    [InlineData("metrics.x > 1h30", "neither a number nor a duration")]
    [InlineData("metrics.x > 1e308k", "too large")]
    [InlineData("metrics.x between 1 or 2", "Found or")]
    [InlineData("params.x between 1 and 'a'", "either numbers or texts")]
    public void Parse_UnitThatDoesNotBelong_IsAMistakeInWords(string text, string says)
    {
        var problem = FilterParser.Parse(text, Now).Problem;
        Assert.NotNull(problem);
        Assert.Contains(says.Replace("Found %", "'%' means nothing", StringComparison.Ordinal), problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_EveryBeginningOfAFilterWithUnits_IsUnderstoodOrAProblemInsideOfIt()
    {
        const string Text =
            "metrics.test_accuracy between 90 % and 95.70% and duration < 1 m 23 s and metrics.memory_bytes in (1 MiB, 2MB) and created > 2 h ago";
        Assert.NotNull(FilterParser.Parse(Text, Now).Filter);
        for (var end = 0; end < Text.Length; end++)
        {
            var (filter, problem, _) = FilterParser.Parse(Text[..end], Now);
            Assert.True(filter is not null || problem!.Position + problem.Length <= end, end.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static FilterNode Parsed(string text)
    {
        var (filter, problem, _) = FilterParser.Parse(text, Now);
        Assert.Null(problem?.Message);
        return filter!.Filter;
    }
}
