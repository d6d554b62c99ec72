namespace ExperimentHub.Tracking.Nodes;

/// <summary>This process among those that share its database. What it holds in its life is told by the pair of the two.</summary>
/// <param name="Name">Of the node; no other node of the database has it.</param>
public sealed record ThisNode(string Name)
{
    /// <summary>The name is part of the names of a scheduler's triggers, which have 150 characters.</summary>
    public const int MaxNameLength = 100;

    /// <summary>Of this process and of no other, whenever it runs and whatever it is called.</summary>
    public Guid Life { get; } = Guid.CreateVersion7();

    /// <summary>What it does: it shows pages, and it trains.</summary>
    public string Roles { get; init; } = "web,trainer";

    /// <summary>The host's name, which is what a node is called that nobody named.</summary>
    public static string HostName => Environment.MachineName;
}
