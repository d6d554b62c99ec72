using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunStatusMovesTests
{
    private static readonly (RunStatus From, RunStatus To)[] Legal =
    [
        (RunStatus.Queued, RunStatus.Running), (RunStatus.Queued, RunStatus.Stopped), (RunStatus.Queued, RunStatus.Failed),
        (RunStatus.Running, RunStatus.Finished), (RunStatus.Running, RunStatus.Stopped), (RunStatus.Running, RunStatus.Failed),
        (RunStatus.Running, RunStatus.Interrupted), (RunStatus.Running, RunStatus.Paused), (RunStatus.Queued, RunStatus.Paused),
        (RunStatus.Interrupted, RunStatus.Queued), (RunStatus.Interrupted, RunStatus.Stopped), (RunStatus.Interrupted, RunStatus.Failed),
        (RunStatus.Interrupted, RunStatus.Paused), (RunStatus.Paused, RunStatus.Queued), (RunStatus.Paused, RunStatus.Stopped),
        (RunStatus.Finished, RunStatus.Queued), (RunStatus.Stopped, RunStatus.Queued), (RunStatus.Failed, RunStatus.Queued),
    ];

    [Fact]
    public void Moves_AllPairs_OnlyTheTableIsLegal()
    {
        foreach (var from in Enum.GetValues<RunStatus>())
        {
            foreach (var to in Enum.GetValues<RunStatus>())
                Assert.True(from.CanMoveTo(to) == Legal.Contains((from, to)), $"{from} -> {to}");
        }
    }

    [Fact]
    public void FromWord_EveryStatus_ComesBack()
    {
        foreach (var status in Enum.GetValues<RunStatus>())
            Assert.Equal(status, RunStatusMoves.FromWord(status.Word()));
        Assert.Null(RunStatusMoves.FromWord("done"));
    }
}
