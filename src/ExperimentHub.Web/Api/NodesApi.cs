using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Nodes;

namespace ExperimentHub.Web.Api;

/// <summary>The hubs that share this database.</summary>
internal static class NodesApi
{
    public static void MapNodes(this RouteGroupBuilder api)
    {
        api.MapGet("/nodes", ListAsync).WithName("ListNodes").WithSummary("List the hubs that share this database, with their devices")
            .Produces<NodeList>();
    }

    private static async Task<IResult> ListAsync(NodeStore nodes, ThisNode me, DeviceInventory devices, CancellationToken cancellation) =>
        Results.Ok(new NodeList(
        [
            .. (await nodes.ListAsync(cancellation))
                .Select(node => NodeAnswer.Of(node, node.Node.Life == me.Life ? NodeDevice.Of(devices.Use) : node.Node.Devices)),
        ]));
}

internal sealed record NodeList(IReadOnlyList<NodeAnswer> Items);

/// <param name="Name">What the hub is called; a run's <c>attempts</c> name it as their <c>node</c>.</param>
/// <param name="Roles"><c>web</c>: it shows pages; <c>trainer</c>: it trains.</param>
/// <param name="Version">Of its program.</param>
/// <param name="State"><c>up</c>, or <c>lost</c> where it has not been heard of for a minute.</param>
/// <param name="Devices">Those that passed its self-test.</param>
internal sealed record NodeAnswer(
    string Name, IReadOnlyList<string> Roles, string Version, string State, DateTime LastSeenAt, IReadOnlyList<NodeDeviceAnswer> Devices)
{
    public static NodeAnswer Of(NodeDetails details, IReadOnlyList<NodeDevice> devices) => new(
        details.Node.Name, details.Node.Roles.Split(','), details.Node.Version, details.State.ToString().ToLowerInvariant(), details.LastSeenAt,
        [.. devices.Select(device => new NodeDeviceAnswer(device.Kind, device.Index, device.Name, device.Slots, device.InUse))]);
}

/// <param name="Kind"><c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Slots">Runs that may train on it at the same time.</param>
/// <param name="InUse">How many do; on another node, when it was last seen.</param>
internal sealed record NodeDeviceAnswer(string Kind, int Index, string Name, int Slots, int InUse);
