using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ExperimentHub.TestHub;

namespace ExperimentHub.Web.Tests.Hosting;

/// <summary>The hub as a process: what it does when it is started twice, wrongly, or killed.</summary>
public sealed class HubProcessTests : IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Start_SecondHubOnTheSameFolder_RefusesAndSaysWhy()
    {
        await using var first = await HubProcess.StartAsync(_data);
        var (code, errors) = await HubProcess.StartAndFailAsync(_data);
        Assert.Equal(1, code);
        Assert.Contains(_data, errors);
        Assert.DoesNotContain("   at ", errors);
    }

    [Fact]
    public async Task Start_WrongSettings_NamesAllOfThem()
    {
        var (code, errors) = await HubProcess.StartAndFailAsync(_data, "--Hub:CpuSlots=none", "--Hub:StopGraceSeconds=0", "--urls",
            "http://0.0.0.0:5080");
        Assert.Equal(1, code);
        Assert.Contains("Hub:CpuSlots is 'none'", errors);
        Assert.Contains("Hub:StopGraceSeconds is '0'", errors);
        Assert.Contains("http://0.0.0.0:5080", errors);
        Assert.False(Directory.Exists(_data)); // nothing was touched
    }

    [Fact]
    public async Task Start_AddressTaken_SaysSo()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (code, errors) = await HubProcess.StartAndFailAsync(_data, "--urls", $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        Assert.Equal(1, code);
        Assert.Contains("taken by another program", errors);
        Assert.DoesNotContain("   at ", errors);
    }

    [Fact]
    public async Task Start_FolderThatCannotBeMade_SaysWhyAndWhatToDo()
    {
        await File.WriteAllTextAsync(_data, "a file, where a folder should be");
        var (code, errors) = await HubProcess.StartAndFailAsync(_data);
        File.Delete(_data);
        Assert.Equal(1, code);
        Assert.Contains(_data, errors);
        Assert.Contains("--Hub:DataFolder", errors);
        Assert.DoesNotContain("   at ", errors);
    }

    [Fact]
    public async Task Kill_WhileARunTrains_EndsTheTrainerAndTheNextStartTellsTheTruth()
    {
        Skip.WithoutMnist();
        string id;
        int trainer;
        await using (var hub = await HubProcess.StartAsync(_data))
        {
            var run = await hub.StartRunAsync("""{"experiment": "long", "spec": {"epochs": 10000}}""");
            id = run["id"]!.GetValue<string>();
            await UntilAsync(hub, id, r => r["epochs"]!.AsArray().Count > 0);
            trainer = Processes.ChildrenOf(hub.Id).Single();
            await hub.KillAsync();
        }

        // The trainer ends by itself, since its input has ended. How fast is a matter of the benchmarks; the limit only ends the waiting.
        await Processes.WaitForEndAsync(trainer, TimeSpan.FromSeconds(20));

        // The first attempt was interrupted, not failed, and a second goes on where the last checkpoint is.
        await using var next = await HubProcess.StartAsync(_data);
        var before = (await next.ReadRunAsync(id))["epochs"]!.AsArray().Count;
        await UntilAsync(next, id, r => r["epochs"]!.AsArray().Count > before);
        var after = await next.ReadRunAsync(id);
        Assert.Equal("running", after["status"]!.GetValue<string>());
        Assert.Equal("interrupted", after["attempts"]![0]!["ending"]!.GetValue<string>());
        Assert.Equal(2, after["attempts"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task End_WhileATrainerStandsBy_EndsItToo(bool killed)
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data, HubProcess.WithStandby);
        var run = await hub.FinishRunAsync("""{"experiment": "short", "spec": {"epochs": 1}}""");
        Assert.Equal("finished", run["status"]!.GetValue<string>());
        int waiting;
        while ((waiting = Processes.ChildrenOf(hub.Id).SingleOrDefault()) == 0)
            await Task.Delay(20, TestContext.Current.CancellationToken);

        if (killed)
            await hub.KillAsync();
        else
            Assert.Equal(0, (await hub.TerminateAsync()).ExitCode);

        await Processes.WaitForEndAsync(waiting, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Terminate_WhileARunTrains_IsInterruptedAndResumedAtTheNextStart()
    {
        Skip.WithoutMnist();
        string id;
        await using (var hub = await HubProcess.StartAsync(_data))
        {
            id = (await hub.StartRunAsync("""{"experiment": "long", "spec": {"epochs": 10000}}"""))["id"]!.GetValue<string>();
            await UntilAsync(hub, id, r => r["checkpoints"]!.AsArray().Count > 1);
        }

        await using var next = await HubProcess.StartAsync(_data);
        await UntilAsync(next, id, r => r["status"]!.GetValue<string>() == "running" && r["attempts"]!.AsArray().Count == 2);
        var epochs = (await next.ReadRunAsync(id))["epochs"]!.AsArray().Count;
        await UntilAsync(next, id, r => r["epochs"]!.AsArray().Count > epochs);
        Assert.True(epochs >= 2); // nothing of the first attempt was lost
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private static async Task UntilAsync(HubProcess hub, string id, Func<JsonNode, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!condition(await hub.ReadRunAsync(id)))
            await Task.Delay(100, limit.Token);
    }
}
