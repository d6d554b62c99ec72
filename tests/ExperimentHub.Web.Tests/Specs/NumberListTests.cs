using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Tests.Specs;

public sealed class NumberListTests
{
    private static readonly SpecField Rate = SpecFields.LearningRate;
    private static readonly SpecField Seed = SpecFields.Seed;

    [Theory]
    [InlineData("")]
    [InlineData("0.01")]
    [InlineData(" 1e-3 ")]
    [InlineData("-1")]
    [InlineData("ten")]
    [InlineData("1e-3-")]
    public void Read_OneValueRightOrWrong_IsNoList(string typed)
    {
        Assert.Null(NumberList.Read(Rate, typed));
        Assert.Null(NumberList.Read(Seed, typed));
    }

    [Fact]
    public void Read_WidthsOfHiddenLayersAndWords_AreNoList()
    {
        Assert.Null(NumberList.Read(SpecFields.Find("model.hiddenSizes")!, "256, 128"));
        Assert.Null(NumberList.Read(SpecFields.Dataset, "a, b"));
    }

    [Theory]
    [InlineData("0.01, 0.1", "0.01 0.1")]
    [InlineData("0.1; 1e-2", "0.1 0.01")]
    [InlineData("0.1 0.2", "0.1 0.2")]
    [InlineData("0.01,0.1", "0.01 0.1")]
    [InlineData("1e-3,1e-4", "0.001 1e-4")]
    [InlineData("0.1 ,0.2,  0.3", "0.1 0.2 0.3")]
    [InlineData("1, 0.5", "1 0.5")]
    [InlineData("0, 01", "0 1")]
    [InlineData("0.1, 1e-1, 0.10", "0.1")]
    public void Read_SeveralNumbers_AreEachTakenOnceInTheirOrder(string typed, string values) => Assert.Equal(values, Values(Rate, typed));

    [Theory]
    [InlineData("1-5", "1 2 3 4 5")]
    [InlineData("1 - 3", "1 2 3")]
    [InlineData("1–3", "1 2 3")]
    [InlineData("1-9 by 2", "1 3 5 7 9")]
    [InlineData("1-10 by 4", "1 5 9")]
    [InlineData("7-7", "7")]
    [InlineData("1-3, 2, 8, 10-12 by 2", "1 2 3 8 10 12")]
    [InlineData("1-2 5 8-9", "1 2 5 8 9")]
    [InlineData("1,2,3", "1 2 3")]
    [InlineData("1,5-7", "1 5 6 7")]
    [InlineData("9007199254740990-9007199254740991", "9007199254740990 9007199254740991")]
    [InlineData("9223372036854775806-9223372036854775807", "9223372036854775806 9223372036854775807")]
    public void Read_SeveralWholeNumbersAndRanges_AreAllOfThem(string typed, string values) => Assert.Equal(values, Values(Seed, typed));

    [Theory]
    [InlineData("0,01", "'0,01' could be one number or several: write 0.01 for one, or 0, 01 for several.")]
    [InlineData("0.5, 0,9", "'0,9' could be one number or several")]
    [InlineData("0,001", "write 0.001 for one")]
    [InlineData("1.000,5", "write 1000.5 for one")]
    [InlineData("1,000", "write 1000 for one, or 1, 000 for several")]
    [InlineData("1 000", "write 1000 for one, or 1, 000 for several")]
    [InlineData("1,000,000.5", "could be one number or several")]
    public void Read_WhatCouldBeOneNumber_IsNotTakenForSeveral(string typed, string answer) =>
        Assert.Contains(answer, Problem(Rate, typed), StringComparison.Ordinal);

    [Theory]
    [InlineData("32,64", "'32,64' could be one number or several: write 32, 64 for several.")]
    [InlineData("100,200", "write 100200 for one, or 100, 200 for several")]
    [InlineData("32 128", "write 32128 for one, or 32, 128 for several")]
    [InlineData("1, 2.5", "'2.5' is not a whole number")]
    [InlineData("1, ten",
        "'ten' is not a whole number. Write a whole number, several with commas between them (1, 2, 5), or a range (1-5, 1-9 by 2).")]
    [InlineData("1, ", "A value is missing beside a comma")]
    [InlineData(",", "A value is missing beside a comma")]
    [InlineData("1,, 2", "A value is missing beside a comma")]
    [InlineData("5-1", "Write 1-5.")]
    [InlineData("9-1 by 2", "Write 1-9 by 2.")]
    [InlineData("1-5 by 0", "not above 0")]
    [InlineData("1-5 by", "'by' is not a whole number")]
    [InlineData("1-9 by two", "not above 0")]
    [InlineData("1-2-3, 4", "'1-2-3' is not a whole number")]
    [InlineData("1-1000000", "1,000,000 values; at most 100")]
    [InlineData("0-9223372036854775807", "far too many values")]
    [InlineData("1-99999999999999999999", "too large")]
    [InlineData("1-100, 200", "at least 101 values; at most 100")]
    public void Read_WhatCannotBeRead_SaysWhatToWrite(string typed, string answer) =>
        Assert.Contains(answer, Problem(Seed, typed), StringComparison.Ordinal);

    [Theory]
    [InlineData("0.1-0.5", "ranges are for whole numbers")]
    [InlineData("0.1, x", "'x' is not a number. Write a number such as 0.01 or 1e-3, or several with commas between them (0.01, 0.1).")]
    [InlineData("0.1, 1e999", "'1e999' is not a number")]
    [InlineData("0.1, NaN", "'NaN' is not a number")]
    public void Read_NumbersThatAreNone_SayWhatIsAllowed(string typed, string answer) =>
        Assert.Contains(answer, Problem(Rate, typed), StringComparison.Ordinal);

    [Fact]
    public void Read_AsManyAsAreStartedAtOnce_AreAllTaken() => Assert.Equal(100, NumberList.Read(Seed, "1-100")!.Values.Count);

    private static string Values(SpecField field, string typed)
    {
        var list = NumberList.Read(field, typed)!;
        Assert.Null(list.Problem);
        return string.Join(' ', list.Values);
    }

    private static string Problem(SpecField field, string typed)
    {
        var list = NumberList.Read(field, typed)!;
        Assert.Empty(list.Values);
        return list.Problem!;
    }
}
