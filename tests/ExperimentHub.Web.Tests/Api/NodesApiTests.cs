using System.Net;
using ExperimentHub.Execution.Nodes;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;

namespace ExperimentHub.Web.Tests.Api;

public sealed class NodesApiTests
{
    [Fact]
    public async Task Nodes_WhileARunTrains_SayWhoTheyAreAndWhatIsInUse()
    {
        await using var app = new HubApp(settings: [("Hub:Node", "anna"), ("Hub:CpuSlots", "2")]);
        var id = (await app.PostAsync("/api/v1/runs", """{"experiment": "e"}""")).Body!["id"]!.GetValue<string>();
        using (var changed = new SemaphoreSlim(1))
        using (app.Get<RunFeed>().Listen((_, _) => changed.Release()))
        {
            var run = RunId.Parse(id, null);
            while ((await app.Get<RunHistory>().FindAsync(run, TestContext.Current.CancellationToken))!.Run.Training!.DeviceName is null)
                Assert.True(await changed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        }

        await app.Get<NodePulse>().BeatAsync(TestContext.Current.CancellationToken);
        await using (var db = await app.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync(TestContext.Current.CancellationToken))
        {
            db.Nodes.Add(new Node { Name = "bert", Roles = "trainer", Version = "0.1.0", Devices = [new NodeDevice("cuda", 1, "Test GPU", 1, 0)] });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var (response, body) = await app.GetAsync("/api/v1/nodes");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var items = body!["items"]!.AsArray();
        Assert.Equal(["anna up", "bert lost"], items.Select(node => $"{node!["name"]} {node["state"]}"));
        Assert.Equal(["web", "trainer"], items[0]!["roles"]!.AsArray().Select(role => role!.GetValue<string>()));
        Assert.Equal("""[{"kind":"cpu","index":0,"name":"Test CPU","slots":2,"inUse":1}]""", items[0]!["devices"]!.ToJsonString());
        Assert.Equal("""[{"kind":"cuda","index":1,"name":"Test GPU","slots":1,"inUse":0}]""", items[1]!["devices"]!.ToJsonString());
        var attempts = (await app.GetAsync($"/api/v1/runs/{id}")).Body!["attempts"]!.AsArray();
        Assert.Equal(["anna"], attempts.Select(attempt => attempt!["node"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    public void Name_ThatNoNodeCanHave_IsRefusedInWords(string name)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("Hub:Node", name)]).Build();
        Assert.Contains(HubOptions.Read(settings, out _), problem => problem.StartsWith("Hub:Node is ", StringComparison.Ordinal));
    }
}
