using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Devices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Nodes;

/// <summary>A device of a node, as the node saw it at its last beat.</summary>
/// <param name="Kind"><c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Index">The GPU's number; 0 for the CPU.</param>
/// <param name="Slots">Runs that may train on it at the same time.</param>
/// <param name="InUse">How many do.</param>
public sealed record NodeDevice(string Kind, int Index, string Name, int Slots, int InUse)
{
    public static IReadOnlyList<NodeDevice> Of(IReadOnlyList<DeviceUse> devices) =>
        [.. devices.Select(use => new NodeDevice(use.Device.Kind, use.Device.Index, use.Device.Name, use.Slots, use.Holders.Count))];
}

/// <summary>
/// A hub's process on the database, as it said of itself. There is one for each data folder; on a database that several share there is one for each
/// of them.
/// </summary>
public sealed class Node
{
    public int Id { get; init; }

    /// <summary>What tells it from the others (<c>Hub:Node</c>).</summary>
    public required string Name { get; init; }

    /// <summary>Of the process that bears the name now: each start is another one.</summary>
    public Guid Life { get; set; }

    /// <summary><c>web</c>, <c>trainer</c> or both, with a comma between them.</summary>
    public string Roles { get; set; } = "";

    /// <summary>Of the program.</summary>
    public string Version { get; set; } = "";

    /// <summary>Those that passed the self-test; empty before the first.</summary>
    public IReadOnlyList<NodeDevice> Devices { get; set; } = [];

    // By the database's clock, in seconds since 1970 (DatabaseClock).
    public long StartedSeconds { get; set; }
    public long SeenSeconds { get; set; }

    /// <summary>When <see cref="Devices"/> were tested; null before the first test.</summary>
    public long? TestedSeconds { get; set; }

    /// <summary>When somebody asked for the devices to be tested again; null once the node has begun to.</summary>
    public long? TestAskedSeconds { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Node>
    {
        public void Configure(EntityTypeBuilder<Node> node)
        {
            node.Property(n => n.Name).HasMaxLength(ThisNode.MaxNameLength);
            node.HasIndex(n => n.Name).IsUnique();
            node.Property(n => n.Devices).HasConversion(
                devices => ProtocolJson.Write(devices), json => ProtocolJson.Read<List<NodeDevice>>(json),
                new ValueComparer<IReadOnlyList<NodeDevice>>(
                    (one, other) => one!.SequenceEqual(other!), devices => devices.Count, devices => devices));
        }
    }
}
