using ExperimentHub.TestHub;

namespace ExperimentHub.Web.Tests.Hosting;

/// <summary>
/// The hub is told to end at any moment, while it starts and while it trains: it ends by itself, fails nobody and leaves nobody behind.
/// </summary>
public sealed class EndingStormTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Terminate_AtAnyMomentOfTheStart_EndsWithoutAnException()
    {
        var random = new Random(20261129);
        for (var round = 0; round < 8; round++)
        {
            // The first rounds also create and migrate the databases.
            var (code, errors) = await HubProcess.StartAndTerminateAsync(_data, TimeSpan.FromSeconds(0.2 + 2.8 * random.NextDouble()));
            output.WriteLine($"round {round}: {code}");
            // 143: the runtime itself was not up yet, and the system's own rule held.
            Assert.True(code is 0 or 143, $"{code}: {errors}");
            Assert.DoesNotContain("exception", errors, StringComparison.OrdinalIgnoreCase);
        }

        await using var hub = await HubProcess.StartAsync(_data);
        Assert.Equal("Healthy", await hub.Http.GetStringAsync(new Uri("/readyz", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Terminate_WhileQuickRunsTrain_InterruptsThemAndLeavesNobodyBehind()
    {
        const int rounds = 6;
        var storm = await EndingStorm.RunAsync(rounds, seed: 20261129, output.WriteLine);
        Assert.Equal(Enumerable.Repeat(0, rounds), storm.ExitCodes);
        // A machine that is busy with other things may take longer than a hub may: then it says so and ends at once, and nothing below is different.
        Assert.All(storm.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Contains("ends at once", line, StringComparison.Ordinal));
        Assert.Equal(0, storm.TrainersLeft);
        // Every hub ended under both runs, and each time that is an attempt.
        Assert.Equal(Enumerable.Repeat("interrupted", 2 * rounds), storm.Endings);
        Assert.All(storm.Runs, run => Assert.Contains(run["status"]!.GetValue<string>(), new[] { "queued", "running" }));
    }

    [Fact]
    public async Task Kill_WhileTheTrainerIsStopped_TheNextStartEndsTheTrainer()
    {
        Skip.WithoutMnist();
        int trainer;
        await using (var hub = await HubProcess.StartAsync(_data))
        {
            var id = (await hub.StartRunAsync("""{"experiment": "stuck", "spec": {"epochs": 10000}}"""))["id"]!.GetValue<string>();
            while ((await hub.ReadRunAsync(id))["epochs"]!.AsArray().Count == 0)
                await Task.Delay(50, TestContext.Current.CancellationToken);
            trainer = Processes.ChildrenOf(hub.Id).Single();
            await Processes.SignalAsync(trainer, "STOP");
            await hub.KillAsync();
        }

        Assert.True(Processes.Lives(trainer)); // the end of its input cannot reach it
        await using var next = await HubProcess.StartAsync(_data);
        await Processes.WaitForEndAsync(trainer, TimeSpan.FromSeconds(20));
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }
}
