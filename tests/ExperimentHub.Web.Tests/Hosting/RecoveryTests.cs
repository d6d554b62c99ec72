using ExperimentHub.TestHub;

namespace ExperimentHub.Web.Tests.Hosting;

public sealed class RecoveryTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("""{"experiment": "storm", "spec": {"epochs": 80}}""")]
    public async Task KillStorm_OnHubAndTrainer_EndsWithTheWeightsOfAnUndisturbedRun(string request)
    {
        Skip.WithoutMnist();
        var calm = await KillStorm.RunAsync(0, seed: 1, request);
        var storm = await KillStorm.RunAsync(5, seed: 20261123, request, output.WriteLine);
        Assert.NotEqual(0, storm.HubKills + storm.TrainerKills);
        Assert.Equal("finished", storm.Run["status"]!.GetValue<string>());
        Assert.Equal(Enumerable.Range(1, 80), storm.Run["epochs"]!.AsArray().Select(epoch => epoch!["epoch"]!.GetValue<int>()));
        Assert.Equal(calm.Run["epochs"]!.AsArray().Select(epoch => epoch!["trainLoss"]!.GetValue<double>()), storm.Run["epochs"]!.AsArray()
            .Select(epoch => epoch!["trainLoss"]!.GetValue<double>()));
        Assert.Equal(calm.Weights, storm.Weights);
        // Every step of every epoch has its loss once, and it is the same loss.
        Assert.Equal(Enumerable.Range(1, calm.Losses.Count), storm.Losses.Select(point => (int)point.Step));
        Assert.Equal(calm.Losses, storm.Losses);
        Assert.Equal((0, 0), (storm.CorruptCheckpoints, storm.Orphans));
        Assert.All(storm.Run["attempts"]!.AsArray(), attempt => Assert.NotNull(attempt!["ending"]));
        Assert.Equal(1 + storm.HubKills + storm.TrainerKills, storm.Run["attempts"]!.AsArray().Count);
    }
}
