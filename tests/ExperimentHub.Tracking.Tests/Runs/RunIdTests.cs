using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunIdTests
{
    [Fact]
    public void TryParse_OwnText_ComesBack()
    {
        var id = RunId.New(TimeProvider.System);
        Assert.Matches("^[0-9a-f]{32}$", id.ToString());
        Assert.True(RunId.TryParse(id.ToString(), out var again));
        Assert.Equal(id, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    [InlineData("019309C5E6F77C3D8F2A000000000000")]
    [InlineData("019309c5-e6f7-7c3d-8f2a-000000000000")]
    [InlineData("019309c5e6f77c3d8f2a00000000000")]
    [InlineData(" 019309c5e6f77c3d8f2a000000000000")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(RunId.TryParse(text, out _));
}
