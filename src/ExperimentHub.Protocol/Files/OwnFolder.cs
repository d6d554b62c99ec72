namespace ExperimentHub.Protocol.Files;

/// <summary>Folders of the hub's: each is made for its owner alone (0700).</summary>
public static class OwnFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const uint NotForOthers = 0x3F; // 0077
    private const int WritableForAll = 0x2; // 0002
    private const int Sticky = 0x200;       // 01000: in it only the owner of a thing may rename it

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
    /// Makes sure that a folder is this user's alone before anything is kept in it or believed of it: makes it where it is missing, and takes the
    /// rights of others from one that is there.
    /// </summary>
    /// <returns>Why it cannot be used, or what was changed, each for a person; both null where all was well.</returns>
    public static (string? Problem, string? Changed) Claim(string path)
    {
        for (var above = Path.GetDirectoryName(path); above is not null; above = Path.GetDirectoryName(above))
        {
            if (LibC.Facts(above, follow: true) is { Mode: var mode } && (mode & WritableForAll) != 0 && (mode & Sticky) == 0)
            {
                return ($"{above} is writable for every user of this machine (mode {Octal(mode)}), so anybody could put another folder in the place of {path}. "
                    + $"Take that right away (chmod o-w {above}), or choose another folder.", null);
            }
        }

        Create(path);
        var (before, owner) = LibC.Facts(path, follow: true) ?? throw new DirectoryNotFoundException(path);
        if (owner != LibC.User())
        {
            return ($"{path} belongs to another user (uid {owner}), and this program runs as uid {LibC.User()}: its owner could change what lies there. "
                + $"Run it as that user, give the folder away (chown -R {LibC.User()} {path}), or choose another folder.", null);
        }

        if ((before & NotForOthers) == 0)
            return (null, null);
        File.SetUnixFileMode(path, OwnerOnly);
        return (LibC.Facts(path, follow: true)!.Value.Mode & NotForOthers) == 0
            ? (null, $"{path} was open to other users of this machine (mode {Octal(before)}); it is for its owner alone now (0700)")
            : ($"{path} is open to other users of this machine (mode {Octal(before)}), and its disk keeps no permissions. Choose a folder on a disk that does.", null);
    }

    /// <summary>
    /// From here on this process and those that it starts make files and folders for their owner alone, whichever library makes them. To be called
    /// once, before anything is written.
    /// </summary>
    public static void MakeEverythingPrivate() => _ = LibC.SetMask(NotForOthers);

    private static string Octal(int mode) => Convert.ToString(mode & 0xFFF, 8).PadLeft(4, '0');
}
