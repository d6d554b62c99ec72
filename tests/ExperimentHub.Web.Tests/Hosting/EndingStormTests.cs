using System.Text.Json.Nodes;
using ExperimentHub.TestHub;
using ExperimentHub.Web.Tests.Datasets;

namespace ExperimentHub.Web.Tests.Hosting;

/// <summary>The hub is told to end at any moment, while it starts and while it trains: it ends by itself, fails nobody and leaves nobody behind.</summary>
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
    public async Task Terminate_WhileAQuickRunTrains_InterruptsItAndLeavesNobodyBehind()
    {
        var random = new Random(20261129);
        var ids = new List<string>();
        var trainers = new HashSet<int>();
        for (var round = 0; round < 6; round++)
        {
            await using var hub = await HubProcess.StartAsync(_data, "--Hub:CpuSlots=2");
            if (round == 0)
            {
                using var upload = Upload();
                using var answer = await hub.Http.PostAsync(new Uri("/api/v1/datasets", UriKind.Relative), upload, TestContext.Current.CancellationToken);
                answer.EnsureSuccessStatusCode();
                foreach (var name in new[] { "a", "b" })
                    ids.Add((await hub.StartRunAsync($$"""{"experiment": "storm", "name": "{{name}}", "spec": {"dataset": "tiny", "batchSize": 50, "epochs": 10000} }"""))["id"]!.GetValue<string>());
            }

            // Until both have a trainer; from there on any moment will do.
            while (!(await RunsAsync(hub, ids)).All(run => run["status"]!.GetValue<string>() == "running") || Processes.ChildrenOf(hub.Id).Count != 2)
                await Task.Delay(50, TestContext.Current.CancellationToken);
            trainers.UnionWith(Processes.ChildrenOf(hub.Id));
            await Task.Delay(TimeSpan.FromSeconds(2 * random.NextDouble()), TestContext.Current.CancellationToken);

            var (code, errors) = await hub.TerminateAsync();
            Assert.Equal((0, ""), (code, errors));
            Assert.DoesNotContain(trainers, Processes.Lives);
        }

        await using var last = await HubProcess.StartAsync(_data, "--Hub:CpuSlots=2");
        foreach (var run in await RunsAsync(last, ids))
        {
            Assert.Contains(run["status"]!.GetValue<string>(), new[] { "queued", "running" });
            Assert.All(run["attempts"]!.AsArray().Where(attempt => attempt!["endedAt"] is not null), attempt => Assert.Equal("interrupted", attempt!["ending"]!.GetValue<string>()));
            // Six hubs ended under it, and each is an attempt.
            Assert.Equal(6, run["attempts"]!.AsArray().Count(attempt => attempt!["endedAt"] is not null));
        }
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

    /// <summary>So few images that an epoch takes a few milliseconds.</summary>
    private static MultipartFormDataContent Upload()
    {
        static byte[] Labels(int count) => TinyIdx.Labels([.. Enumerable.Range(0, count).Select(i => (byte)(i % 2))]);
        return new MultipartFormDataContent
        {
            { new StringContent("tiny"), "name" },
            { new ByteArrayContent(TinyIdx.Images(200)), "trainImages", "trainImages" },
            { new ByteArrayContent(Labels(200)), "trainLabels", "trainLabels" },
            { new ByteArrayContent(TinyIdx.Images(50)), "testImages", "testImages" },
            { new ByteArrayContent(Labels(50)), "testLabels", "testLabels" },
        };
    }

    private static async Task<List<JsonNode>> RunsAsync(HubProcess hub, List<string> ids)
    {
        var runs = new List<JsonNode>();
        foreach (var id in ids)
            runs.Add(await hub.ReadRunAsync(id));
        return runs;
    }
}
