using System.IO.Pipelines;
using ExperimentHub.Execution.Trainers;

namespace ExperimentHub.Execution.Tests.Trainers;

public sealed class TrainerWordsTests
{
    [Fact]
    public async Task Read_MoreThanTheLimitWaits_LeavesTheRestInThePipe()
    {
        var pipe = new Pipe();
        var words = Listen(pipe);
        await SayAsync(pipe, TrainerWords.MostLines + 100);
        // Nobody reads while so much waits, and so the trainer is not silent either.
        await UntilAsync(() => words.SilentSince is null);
        Assert.Equal(TrainerWords.MostLines, (await words.TakeAsync()).Count);
        await pipe.Writer.CompleteAsync();
        Assert.Equal(100, await RestAsync(words));
    }

    [Fact]
    public async Task Widen_MoreThanTheLimitWaits_ReadsOn()
    {
        var pipe = new Pipe();
        var words = Listen(pipe);
        await SayAsync(pipe, TrainerWords.MostLines + 100);
        await UntilAsync(() => words.SilentSince is null);
        words.Widen();
        await pipe.Writer.CompleteAsync();
        await words.Ended.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(TrainerWords.MostLines + 100, await RestAsync(words));
    }

    [Fact]
    public async Task End_PipeStaysOpen_GivesWhatWaitsAndIsOver()
    {
        var pipe = new Pipe();
        var words = Listen(pipe);
        await SayAsync(pipe, 1);
        Assert.Single(await words.TakeAsync());
        words.End();
        await SayAsync(pipe, TrainerWords.MostLines * 3); // somebody still talks, and is not held up
        Assert.Empty(await words.TakeAsync());
    }

    private static TrainerWords Listen(Pipe pipe) => new(new BoundedLines(new StreamReader(pipe.Reader.AsStream()), 100), TimeProvider.System);

    private static async Task SayAsync(Pipe pipe, int lines)
    {
        await using var writer = new StreamWriter(pipe.Writer.AsStream(leaveOpen: true));
        for (var line = 0; line < lines; line++)
            await writer.WriteLineAsync("word");
    }

    private static async Task<int> RestAsync(TrainerWords words)
    {
        var count = 0;
        while (await words.TakeAsync() is { Count: > 0 } lines)
            count += lines.Count;
        return count;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!condition())
            await Task.Delay(5, limit.Token);
    }
}
