using ExperimentHub.Execution.Trainers;

namespace ExperimentHub.Execution.Tests.Trainers;

public sealed class RecordingPaceTests
{
    [Fact]
    public async Task Pause_WhileThereIsMoreToSay_LastsUntilSomebodyIsInAHurry()
    {
        using var hurry = new CancellationTokenSource();
        using var turn = new RecordingPace(new StandingTime()).Begin();

        var pause = turn.LeaveToOthersAsync(new TaskCompletionSource().Task, hurry.Token);
        Assert.False(pause.IsCompleted);

        await hurry.CancelAsync();
        await pause;
    }

    [Fact]
    public async Task Pause_OfATrainerThatHasEnded_IsOver()
    {
        using var turn = new RecordingPace(new StandingTime()).Begin();
        var ended = new TaskCompletionSource();

        var pause = turn.LeaveToOthersAsync(ended.Task, CancellationToken.None);
        Assert.False(pause.IsCompleted);

        ended.SetResult();
        await pause;
    }

    /// <summary>No delay ends by itself.</summary>
    private sealed class StandingTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Never();

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
                // Nothing ticks.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
