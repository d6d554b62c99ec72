using ExperimentHub.Execution.Trainers;

namespace ExperimentHub.Execution.Tests.Trainers;

public sealed class BoundedLinesTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("one\ntwo\n", "one|two")]
    [InlineData("one\r\n\r\ntwo", "one||two")]
    [InlineData("\n\n", "|")]
    public async Task Read_ShortLines_ComeAsTheyAre(string text, string lines)
    {
        var read = await ReadAsync(text, limit: 10);
        Assert.Equal(lines, string.Join('|', read.Select(line => line.Text)));
        Assert.All(read, line => Assert.True(line.Whole));
    }

    [Theory]
    [InlineData(10, "0123456789", "whole")]
    [InlineData(9, "012345678|9", "piece,whole")]
    [InlineData(5, "01234|56789", "piece,whole")]
    [InlineData(4, "0123|4567|89", "piece,piece,whole")]
    public async Task Read_LongerThanTheLimit_ComesInPieces(int limit, string pieces, string kinds)
    {
        foreach (var end in new[] { "\n", "\nnext\n" })
        {
            var read = (await ReadAsync($"0123456789{end}", limit)).Where(line => line.Text != "next").ToList();
            Assert.Equal(pieces, string.Join('|', read.Select(line => line.Text)).Replace("|next", "", StringComparison.Ordinal));
            Assert.Equal(kinds, string.Join(',', read.Select(line => line.Whole ? "whole" : "piece")));
        }
    }

    [Fact]
    public async Task Read_LineAcrossManyReads_IsWhole()
    {
        var line = new string('x', 100_000);
        Assert.Equal([(line, true), ("y", true)], (await ReadAsync($"{line}\ny", limit: 100_000)).Select(read => (read.Text, read.Whole)));
    }

    private static async Task<List<BoundedLines.Line>> ReadAsync(string text, int limit)
    {
        using var reader = new StringReader(text);
        var lines = new BoundedLines(reader, limit);
        var all = new List<BoundedLines.Line>();
        while (await lines.ReadAsync(TestContext.Current.CancellationToken) is { } line)
            all.Add(line);
        return all;
    }
}
