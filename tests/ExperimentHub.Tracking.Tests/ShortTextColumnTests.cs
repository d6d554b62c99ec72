using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests;

/// <summary>What trainers and machines say fits into its column, whoever writes it and however old the row is.</summary>
public sealed class ShortTextColumnTests
{
    [Theory]
    [InlineData(Limits.Explanation, false)]
    [InlineData(Limits.Explanation + 1, true)]
    [InlineData(1 << 20, true)]
    public async Task Error_OfAnyLength_IsKeptOrCutInWords(int length, bool cut)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await hub.Recorder.EndAsync(run.Key, AttemptEnding.Failed, new string('e', length), 1);
        var ended = await run.ReadAsync();
        foreach (var error in new[] { ended.Error!, ended.Training!.Attempts.Single().Error! })
        {
            Assert.Equal(Math.Min(length, Limits.Explanation), error.Length);
            Assert.Equal(cut, error.EndsWith("characters in all)", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Words_OfATrainer_AreCut()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub, started: PlayedRun.Started(device: new string('d', 10_000), torch: new string('t', 10_000)));
        await run.EndAsync(AttemptEnding.Finished, new string('r', 10_000));
        var ended = await run.ReadAsync();
        Assert.Equal((Limits.MachineWord, Limits.MachineWord, Limits.Explanation),
            (ended.Training!.DeviceName!.Length, ended.Training!.TorchVersion!.Length, ended.Training!.FinishReason!.Length));
    }

    [Fact]
    public async Task Error_WrittenBeforeThereWasALimit_IsReadShort()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EndAsync(AttemptEnding.Failed);
        await using (var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            await db.Database.ExecuteSqlAsync($"UPDATE Runs SET Error = {new string('e', 1 << 20)}");
        Assert.Equal(Limits.Explanation, (await run.ReadAsync()).Error!.Length);
    }
}
