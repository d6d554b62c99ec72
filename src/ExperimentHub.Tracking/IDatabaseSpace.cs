namespace ExperimentHub.Tracking;

/// <summary>What deleted rows took, returned to the file system. How is the provider's matter.</summary>
public interface IDatabaseSpace
{
    /// <summary>To be called after much was deleted. Others may read and write meanwhile.</summary>
    Task GiveBackAsync(CancellationToken cancellation = default);
}
