namespace ExperimentHub.Protocol.Files;

/// <summary>Folders of the hub's: each is made for its owner alone (0700).</summary>
public static class OwnFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const uint NotForOthers = 0x3F; // 0077

    /// <summary>
    /// Makes a folder and the folders above it that are missing. .NET gives a mode to the last of them only.
    /// </summary>
    public static void Create(string path)
    {
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            return;
        if (Path.GetDirectoryName(full) is { } above)
            Create(above);
        Directory.CreateDirectory(full, OwnerOnly);
    }

    /// <summary>
    /// From here on this process and those that it starts make files and folders for their owner alone, whichever library makes them. To be called
    /// once, before anything is written.
    /// </summary>
    public static void MakeEverythingPrivate() => _ = LibC.SetMask(NotForOthers);
}
