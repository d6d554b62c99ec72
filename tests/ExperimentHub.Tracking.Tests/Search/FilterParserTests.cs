using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Tracking.Tests.Search;

public sealed class FilterParserTests
{
    private static readonly DateTime Now = new(2026, 11, 24, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData("metrics.test_accuracy > 0.97 and params.optimizer = 'adam' and tags.night is not null")]
    [InlineData("metric.`a b` < 1 AND parameter.\"x-y\" != \"it's\"")]
    [InlineData("attributes.status = 'FINISHED' and attr.run_name LIKE 'a%' and run.start_time > 1700000000000")]
    [InlineData("attributes.\"run name\" ilike '%x%'")]
    [InlineData("not (a_typo_free_name is null)", false)]
    [InlineData("not not (status in (finished, 'failed'))")]
    [InlineData("duration > 1h30m and created >= now() - 7d and end_time < '2026-11-24T10:00:00+01:00'")]
    [InlineData("at_best(metrics.train_loss) not in (1, -2.5e-3, .5) and min(metrics.x) is null")]
    [InlineData("params.model.kind not ilike '%nn' and params.n = inf and params.on = true")]
    [InlineData("archived = true")]
    [InlineData("  ")]
    public void Parse_WhatTheLanguageHas_IsUnderstood(string text, bool understood = true) =>
        Assert.Equal(understood, FilterParser.Parse(text, Now).Filter is not null);

    [Theory]
    [InlineData("metrics.loss >", 14, 0, "ends too early")]
    [InlineData("metrics.loss > > 1", 15, 1, "Found >")]
    [InlineData("metrics.loss > 'x'", 15, 3, "is a number")]
    [InlineData("metrics.loss like 'x'", 13, 4, "Found like")]
    [InlineData("metrics. > 1", 0, 8, "after 'metrics.' is missing")]
    [InlineData("metrcs.loss > 1", 0, 11, "Did you mean metrics.loss?")]
    [InlineData("statsu = 'failed'", 0, 6, "Did you mean status?")]
    [InlineData("status = 'fnished'", 9, 9, "Did you mean finished?")]
    [InlineData("status = 'failed' adn name = 'x'", 18, 3, "Did you mean and?")]
    [InlineData("bset(metrics.loss) > 1", 0, 4, "Did you mean best?")]
    [InlineData("best(params.lr) > 1", 5, 9, "takes a metric")]
    [InlineData("name = 'open", 7, 5, "not closed")]
    [InlineData("`open = 1", 0, 9, "not closed")]
    [InlineData("name = adam", 7, 4, "quotes: 'adam'")]
    [InlineData("(status = failed", 16, 0, "ends too early")]
    [InlineData("status = failed)", 15, 1, "Found )")]
    [InlineData("status in (failed, )", 19, 1, "Found )")]
    [InlineData("params.x in (1, 'a')", 16, 3, "not both")]
    [InlineData("params.x < '10'", 11, 4, "without quotes")]
    [InlineData("status < 'failed'", 7, 1, "no order")]
    [InlineData("archived is null", 9, 2, "Found is")]
    [InlineData("created > 7d", 10, 2, "now() - 7d")]
    [InlineData("created > 'yesterday'", 10, 11, "no time")]
    [InlineData("created > now() - x", 18, 1, "duration")]
    [InlineData("duration > 5x", 11, 2, "neither a number nor a duration")]
    [InlineData("metrics.loss > 1; drop table Runs", 16, 1, "means nothing")]
    [InlineData("😀 = 1", 0, 2, "means nothing")]
    [InlineData("metrics.loss = 1e999", 15, 5, "too large")]
    [InlineData("and", 0, 3, "no attribute 'and'")]
    public void Parse_Mistake_SaysWhereAndWhat(string text, int position, int length, string says)
    {
        var (filter, problem, _) = FilterParser.Parse(text, Now);
        Assert.Null(filter);
        Assert.Equal((position, length), (problem!.Position, problem.Length));
        Assert.Contains(says, problem.Message);
        Assert.Equal(text.Substring(position, length), problem.Found);
    }

    [Fact]
    public void Parse_TooMuch_IsRefusedInsteadOfExhaustingAnything()
    {
        Assert.Contains("nested", FilterParser.Parse(new string('(', 4_000), Now).Problem!.Message);
        Assert.Contains("nested", FilterParser.Parse(string.Concat(Enumerable.Repeat("not ", 1_000)) + "name = 'x'", Now).Problem!.Message);
        Assert.Contains("characters", FilterParser.Parse(new string('x', FilterParser.MaxLength + 1), Now).Problem!.Message);
        Assert.Contains("comparisons", FilterParser.Parse(string.Join(" or ", Enumerable.Repeat("name = 'x'", 101)), Now).Problem!.Message);
        Assert.Contains("values", FilterParser.Parse($"name in ({string.Join(',', Enumerable.Repeat("'x'", 501))})", Now).Problem!.Message);
        Assert.Contains("times %", FilterParser.Parse($"name like '{new string('%', 21)}'", Now).Problem!.Message);
    }

    [Fact]
    public void Parse_AndOrNot_BindAsInSql()
    {
        var or = Assert.IsType<AnyOf>(FilterParser.Parse("name = 'a' or not name = 'b' and name = 'c'", Now).Filter!.Filter);
        Assert.IsType<Compare>(or.Parts[0]);
        Assert.IsType<Not>(Assert.IsType<AllOf>(or.Parts[1]).Parts[0]);
    }

    [Fact]
    public void Parse_Now_IsTheTimeGiven()
    {
        var compare = Assert.IsType<Compare>(FilterParser.Parse("created > now() - 1h30m", Now).Filter!.Filter);
        Assert.Equal(Now.AddMinutes(-90), compare.Value);
    }

    [Fact]
    public void ToString_AnyColumn_IsReadBackAsItself()
    {
        foreach (var column in (SearchColumn[])[
            new(ColumnKind.Metric, "a b`c", MetricFigure.AtBest), new(ColumnKind.Metric, "val/loss.x"), new(ColumnKind.Param, "model.kind"),
            new(ColumnKind.Tag, "x\"y"), new(ColumnKind.Attribute, "status")])
            Assert.Equal(column, Assert.Single(OrderParser.ReadColumns("columns", column.ToString()).Columns));
    }
}
