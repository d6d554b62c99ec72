using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ExperimentHub.Protocol.Files;

/// <summary>The calls to the C library about files that .NET has no counterpart for.</summary>
/// <remarks>Numbers: fcntl.h and sys/stat.h of Linux (asm-generic; O_NOFOLLOW differs on ARM and POWER), struct statx of linux/stat.h, the same
/// everywhere.</remarks>
internal static unsafe partial class LibC
{
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int Create = 0x40;
    public const int Append = 0x400;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;

    public const int TypeMask = 0xF000;
    public const int RegularFile = 0x8000;
    public const int Folder = 0x4000;

    public const int NotFound = 2;           // ENOENT
    public const int NoDevice = 6;           // ENXIO: a socket, or a pipe that nobody reads
    public const int NotAllowed = 1;         // EPERM: also a file system without links
    public const int OtherDisk = 18;         // EXDEV
    public const int NotAFolder = 20;        // ENOTDIR
    public const int IsAFolder = 21;          // EISDIR
    public const int TooManyNames = 31;      // EMLINK
    public const int TooManyLinks = 40;      // ELOOP: what O_NOFOLLOW says of a link
    public const int NotSupported = 95;      // EOPNOTSUPP

    private const string Library = "libc";
    private const int EmptyPath = 0x1000;    // AT_EMPTY_PATH
    private const int NoFollowLink = 0x100;  // AT_SYMLINK_NOFOLLOW
    private const int CurrentFolder = -100;  // AT_FDCWD
    private const uint BasicFacts = 0x7ff;   // STATX_BASIC_STATS

    public static int NoFollow { get; } =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Ppc64le ? 0x8000 : 0x20000;

    /// <returns>The kind and permissions (st_mode) and the owner of an open file.</returns>
    public static (int Mode, uint Owner) Facts(int descriptor) => Facts(descriptor, "", EmptyPath) ?? throw Failure("statx");

    /// <returns>The same of what lies at a path; null where nothing does.</returns>
    /// <param name="follow">Whether a link's target is asked for, not the link.</param>
    public static (int Mode, uint Owner)? Facts(string path, bool follow) => Facts(CurrentFolder, path, follow ? 0 : NoFollowLink);

    public static IOException Failure(string call) =>
        new($"{call}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}", Marshal.GetLastPInvokeError());

    private static (int Mode, uint Owner)? Facts(int descriptor, string path, int flags)
    {
        var facts = stackalloc byte[256]; // struct statx
        if (Stat(descriptor, path, flags, BasicFacts, facts) == 0)
            return (*(ushort*)(facts + 28), *(uint*)(facts + 20)); // stx_mode, stx_uid
        return Marshal.GetLastPInvokeError() is NotFound or NotAFolder ? null : throw Failure(path);
    }

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(int descriptor);

    [LibraryImport(Library, EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport(Library, EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string existing, string name);

    [LibraryImport(Library, EntryPoint = "umask")]
    public static partial uint SetMask(uint mask);

    [LibraryImport(Library, EntryPoint = "geteuid")]
    public static partial uint User();

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int descriptor, string path, int flags, uint mask, byte* facts);
}
