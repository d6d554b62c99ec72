using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunTagTests
{
    [Theory]
    [InlineData("night", "night", "")]
    [InlineData(" owner = anna ", "owner", "anna")]
    [InlineData("formula=a=b", "formula", "a=b")]
    [InlineData("=", "", "")]
    public void Read_WhatAPersonTyped_IsTakenApart(string typed, string name, string value) => Assert.Equal((name, value), RunTag.Read(typed));

    [Theory]
    [InlineData("night", "")]
    [InlineData("team/owner_1.x-y", "anna & co")]
    [InlineData("größe", "5")]
    [InlineData("best run", "")]
    [InlineData("हिन्दी", "नमस्ते")]
    [InlineData("ภาษาไทย", "")]
    [InlineData("தமிழ்", "")]
    [InlineData("a<b", "")]
    public void Problem_OfAGoodTag_IsNone(string name, string value) => Assert.Null(RunTag.Problem(name, value));

    [Theory]
    [InlineData("", "", "needs a name")]
    [InlineData("a\0b", "", "control characters")]
    [InlineData("a\u202eb", "", "invisible")]
    [InlineData("a", "line\nbreak", "control characters")]
    public void Problem_OfAWrongTag_SaysWhatAndWhy(string name, string value, string words) =>
        Assert.Contains(words, RunTag.Problem(name, value), StringComparison.Ordinal);

    [Fact]
    public void Problem_TooLong_SaysHowLong()
    {
        Assert.Contains("at most 50 characters; this one has 51", RunTag.Problem(new string('a', 51), ""), StringComparison.Ordinal);
        Assert.Contains("at most 200 characters; this one has 201", RunTag.Problem("a", new string('b', 201)), StringComparison.Ordinal);
    }
}
