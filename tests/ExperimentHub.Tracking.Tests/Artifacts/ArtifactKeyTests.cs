using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Tests.Artifacts;

public sealed class ArtifactKeyTests
{
    [Theory]
    [InlineData("runs/0123/checkpoints/attempt-1-epoch-2.safetensors", "attempt-1-epoch-2.safetensors")]
    [InlineData("datasets/手書き/train images", "train images")]
    [InlineData("datasets/أرقام/ファイル.idx", "ファイル.idx")]
    [InlineData("datasets/e\u0301/.hidden", ".hidden")]
    [InlineData("datasets/👩‍🔬/..a", "..a")]
    public void Parse_NamesOfEveryScript_AreKeptAsTheyAre(string text, string name)
    {
        var key = ArtifactKey.Parse(text);
        Assert.Equal((text, name), (key.Text, key.Name));
        Assert.Equal(key, ArtifactKey.Of(text.Split('/')));
    }

    [Theory]
    [InlineData("")]
    [InlineData("runs")]
    [InlineData("runs/")]
    [InlineData("hub.db")]
    [InlineData("keys/one")]
    [InlineData("/runs/a")]
    [InlineData("runs//a")]
    [InlineData("runs/../hub.db")]
    [InlineData("runs/./a")]
    [InlineData("runs/a/..")]
    [InlineData("runs/.arriving/a")]
    [InlineData("runs/a\\..\\b")]
    [InlineData("runs/a\0b")]
    [InlineData("runs/a\nb")]
    [InlineData("runs/\ud800")]
    [InlineData("RUNS/a")]
    public void Parse_WhatLeadsElsewhere_IsRefused(string text)
    {
        Assert.False(ArtifactKey.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ArtifactKey.Parse(text));
        Assert.Throws<ArgumentException>(() => ArtifactKey.Of(text.Split('/')));
    }

    [Fact]
    public void Parse_LongNames_CountBytes()
    {
        Assert.True(ArtifactKey.TryParse($"runs/{new string('a', ArtifactKey.MaxNameBytes)}", out _));
        Assert.False(ArtifactKey.TryParse($"runs/{new string('a', ArtifactKey.MaxNameBytes + 1)}", out _));
        Assert.False(ArtifactKey.TryParse($"runs/{new string('é', ArtifactKey.MaxNameBytes / 2 + 1)}", out _));
        string Deep(int bytes) => "runs" + string.Concat(Enumerable.Repeat("/aaaaaaaaa", (bytes - 4) / 10)) + new string('a', (bytes - 4) % 10);
        Assert.True(ArtifactKey.TryParse(Deep(ArtifactKey.MaxBytes), out _));
        Assert.False(ArtifactKey.TryParse(Deep(ArtifactKey.MaxBytes + 1), out _));
    }

    [Fact]
    public void Under_ANameOfTwo_IsRefused()
    {
        var run = ArtifactKey.OfRun(RunId.New(TimeProvider.System));
        Assert.Throws<ArgumentException>(() => run.Under("../other"));
        Assert.Throws<ArgumentException>(() => run.Under(""));
        Assert.StartsWith($"{run}/checkpoints/", run.Under("checkpoints").Under("a").Text, StringComparison.Ordinal);
    }
}
