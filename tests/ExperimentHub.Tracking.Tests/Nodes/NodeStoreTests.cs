using ExperimentHub.Tracking.Nodes;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Nodes;

public sealed class NodeStoreTests : IDisposable
{
    private static readonly NodeDevice Cpu = new("cpu", 0, "Test CPU", 2, 0);
    private static readonly DateTime Tested = DateTime.UnixEpoch.AddYears(50);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-nodes-{Guid.NewGuid():N}");

    [Fact]
    public async Task Beat_First_SaysWhoThisIs()
    {
        await using var hub = await HubAsync("anna");
        Assert.Equal(Beat.Written, await hub.Get<NodeStore>().BeatAsync([Cpu], Tested));
        var (node, state, seen) = Assert.Single(await hub.Get<NodeStore>().ListAsync());
        Assert.Equal(("anna", "web,trainer", AppVersion.OfThisBuild.Text, NodeState.Up), (node.Name, node.Roles, node.Version, state));
        Assert.Equal([Cpu], node.Devices);
        Assert.Equal((node.StartedSeconds, node.StartedSeconds), (node.SeenSeconds, node.TestedSeconds));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(node.SeenSeconds), seen);
    }

    [Fact]
    public async Task Beat_OfAnotherNode_LeavesTheFirstAlone()
    {
        await using var anna = await HubAsync("anna");
        await anna.Get<NodeStore>().BeatAsync([Cpu], Tested);
        await using var bert = await HubAsync("bert");
        await bert.Get<NodeStore>().BeatAsync([], null);
        Assert.Equal(Beat.Written, await anna.Get<NodeStore>().BeatAsync([Cpu with { InUse = 1 }], Tested));
        var said = (await bert.Get<NodeStore>().ListAsync()).Select(n => $"{n.Node.Name}: {string.Join(' ', n.Node.Devices.Select(d => d.InUse))}");
        Assert.Equal(["anna: 1", "bert: "], said);
    }

    [Fact]
    public async Task Beat_AfterAnotherProcessBeganUnderTheName_SaysSoAndWritesNothing()
    {
        await using var before = await HubAsync("anna");
        await before.Get<NodeStore>().BeatAsync([Cpu], Tested);
        await using var after = await HubAsync("anna");
        Assert.Equal(Beat.Written, await after.Get<NodeStore>().BeatAsync([], null));
        Assert.Equal(Beat.Replaced, await before.Get<NodeStore>().BeatAsync([Cpu with { InUse = 1 }], Tested));
        var node = Assert.Single(await after.Get<NodeStore>().ListAsync()).Node;
        Assert.Equal(after.Get<ThisNode>().Life, node.Life);
        Assert.Empty(node.Devices);
        Assert.Null(node.TestedSeconds);
    }

    [Fact]
    public async Task Beat_RowWasRemoved_ComesBack()
    {
        await using var hub = await HubAsync("anna");
        await hub.Get<NodeStore>().BeatAsync([Cpu], Tested);
        await EditAsync(hub, nodes => nodes.ExecuteDeleteAsync());
        await hub.Get<NodeStore>().BeatAsync([Cpu], Tested);
        await hub.Get<NodeStore>().BeatAsync([Cpu], Tested);
        Assert.Equal([Cpu], Assert.Single(await hub.Get<NodeStore>().ListAsync()).Node.Devices);
    }

    [Fact]
    public async Task AskForTest_BySomebodyElse_IsFoundByTheNextBeatUntilATestBegins()
    {
        await using var anna = await HubAsync("anna");
        await using var bert = await HubAsync("bert");
        await anna.Get<NodeStore>().BeatAsync([Cpu], Tested);
        Assert.True(await bert.Get<NodeStore>().AskForTestAsync("anna"));
        Assert.False(await bert.Get<NodeStore>().AskForTestAsync("nobody"));
        Assert.Equal(Beat.TestAsked, await anna.Get<NodeStore>().BeatAsync([Cpu], Tested));
        Assert.Equal(Beat.TestAsked, await anna.Get<NodeStore>().BeatAsync([Cpu], Tested));
        await anna.Get<NodeStore>().BeginTestAsync();
        Assert.Equal(Beat.Written, await anna.Get<NodeStore>().BeatAsync([Cpu], Tested));
    }

    [Fact]
    public async Task List_NodeThatIsSilentForLong_IsLost()
    {
        await using var hub = await HubAsync("anna");
        await hub.Get<NodeStore>().BeatAsync([Cpu], Tested);
        var longer = (long)NodeStore.LostAfter.TotalSeconds + 1;
        await EditAsync(hub, nodes => nodes.ExecuteUpdateAsync(set => set.SetProperty(n => n.SeenSeconds, n => n.SeenSeconds - longer)));
        Assert.Equal(NodeState.Lost, Assert.Single(await hub.Get<NodeStore>().ListAsync()).State);
        await hub.Get<NodeStore>().BeatAsync([Cpu], Tested);
        Assert.Equal(NodeState.Up, Assert.Single(await hub.Get<NodeStore>().ListAsync()).State);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<EmptyHub> HubAsync(string node) => EmptyHub.CreateAsync(existing: _folder, node: node);

    private static async Task EditAsync(EmptyHub hub, Func<IQueryable<Node>, Task<int>> edit)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await edit(db.Nodes);
    }
}
