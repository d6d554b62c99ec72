namespace ExperimentHub.Tracking.Storage;

/// <summary>Why a write failed that may succeed later, with nothing of it written.</summary>
public enum StorageTrouble
{
    /// <summary>Somebody else holds the database's write lock.</summary>
    Locked,

    /// <summary>The disk is full, or the user's share of it.</summary>
    Full,

    /// <summary>The disk reports errors, or does not let itself be written to.</summary>
    Failing,
}

/// <summary>What only the database's own provider knows of trouble.</summary>
public interface IDatabaseTrouble
{
    /// <summary>
    /// What an exception of the database says; null where it is a mistake of the caller or a bug, which trying again does not mend.
    /// </summary>
    StorageTrouble? Of(Exception exception);

    /// <summary>
    /// Takes the write locks of the hub's databases for a moment and gives them back; throws what the database throws, after a second at most.
    /// </summary>
    Task ProbeAsync(CancellationToken cancellation);
}

/// <summary>Writes have been failing since a time.</summary>
/// <param name="Since">UTC.</param>
public sealed record StorageOutage(StorageTrouble Trouble, DateTime Since)
{
    /// <summary>Why, for a person: "another program has locked the database".</summary>
    public string Reason => Trouble switch
    {
        StorageTrouble.Locked => "another program has locked the database",
        StorageTrouble.Full => "there is no room on the disk of the data folder",
        _ => "the disk of the data folder reports errors",
    };

    /// <summary>What to do, for a person.</summary>
    public string Remedy => Trouble switch
    {
        StorageTrouble.Locked => "End the program that has hub.db open (a backup, a database browser), or wait for it.",
        StorageTrouble.Full => "Make room there. To delete runs here, the hub needs a little room itself.",
        _ => "Look at the system's log, and whether the file system is mounted read-only.",
    };
}
