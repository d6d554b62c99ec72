namespace ExperimentHub.Tracking.Deletions;

/// <summary>How long what was deleted can be brought back; after it rows and files are removed.</summary>
public sealed record DeletionOptions(TimeSpan KeptFor)
{
    /// <summary>Somebody comes back from a week away.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromDays(7);

    public DeletionOptions()
        : this(Usual)
    {
    }
}
