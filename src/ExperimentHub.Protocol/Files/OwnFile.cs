using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ExperimentHub.Protocol.Files;

/// <summary>
/// The one way to open a file that lies in a folder of the hub's. What lies there may have been put there by somebody else: a pipe would hold its
/// opener for ever, a device never ends, a link leads elsewhere. Whatever is no regular file is refused, by what was opened and not by what a look
/// before saw.
/// </summary>
public static class OwnFile
{
    private const uint OwnerOnly = 0x180; // 0600

    /// <param name="followLink">For a folder that people fill: they may put a link to a file there.</param>
    /// <exception cref="FileNotFoundException">Nothing lies there.</exception>
    /// <exception cref="NotAFileException">Something else lies there.</exception>
    /// <exception cref="IOException">The system refused for another reason, in its words.</exception>
    public static FileStream OpenRead(string path, bool followLink = false)
    {
        var handle = OpenHandle(path, followLink);
        return new FileStream(handle, FileAccess.Read, 1 << 16, handle.IsAsync);
    }

    /// <summary>The same, without a place in the file.</summary>
    public static SafeFileHandle OpenHandle(string path, bool followLink = false) =>
        Open(path, followLink ? LibC.ReadOnly : LibC.ReadOnly | LibC.NoFollow);

    /// <summary>Opens a file for writing at its end; makes it where it is missing, for its owner alone.</summary>
    public static FileStream OpenAppend(string path)
    {
        var handle = Open(path, LibC.WriteOnly | LibC.Create | LibC.Append | LibC.NoFollow);
        // What the disk refuses is refused at the write, and does not wait in a buffer for the next one.
        var file = new FileStream(handle, FileAccess.Write, bufferSize: 0, handle.IsAsync);
        file.Seek(0, SeekOrigin.End);
        return file;
    }

    /// <summary>Makes a file for its owner alone. Whatever lies there already is an error, and a link is not followed.</summary>
    public static FileStream CreateNew(string path, bool isAsync = false) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite | FileShare.Delete,
        // What the disk refuses is refused at the write, not when the file is closed.
        BufferSize = 0,
        Options = isAsync ? FileOptions.Asynchronous : FileOptions.None,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    /// <summary>Whether a regular file lies there now. Says nothing of the moment after: opening decides.</summary>
    public static bool Exists(string path) => KindOf(path) == FileKind.File;

    /// <summary>What lies at a path, without opening it and without following a link.</summary>
    public static FileKind KindOf(string path) => LibC.Facts(path, follow: false) is { } facts ? Kind(facts.Mode) : FileKind.Nothing;

    /// <summary>Makes what was renamed inside a folder survive a power cut.</summary>
    public static void SyncFolder(string folder)
    {
        var descriptor = LibC.Open(folder, LibC.ReadOnly | LibC.CloseOnExec, 0);
        if (descriptor < 0)
            throw LibC.Failure(folder);
        try
        {
            if (LibC.Sync(descriptor) < 0)
                throw LibC.Failure(folder);
        }
        finally
        {
            _ = LibC.Close(descriptor);
        }
    }

    /// <summary>Renames a file, over what lies there, and never copies it.</summary>
    /// <returns>false where the two places are on different disks; nothing has changed then.</returns>
    /// <exception cref="IOException">The system refused for another reason, in its words.</exception>
    public static bool TryMove(string from, string to) => LibC.Rename(from, to) == 0
        || (Marshal.GetLastPInvokeError() == LibC.OtherDisk ? false : throw LibC.Failure(to));

    /// <summary>Gives a file a second name, where nothing lies yet.</summary>
    /// <returns>false where the two places are on different disks, or the disk gives no second names.</returns>
    /// <exception cref="IOException">The system refused for another reason, in its words.</exception>
    public static bool TryLink(string existing, string name) => LibC.Link(existing, name) == 0
        || (Marshal.GetLastPInvokeError() is LibC.OtherDisk or LibC.NotAllowed or LibC.NotSupported
            or LibC.TooManyNames ? false : throw LibC.Failure(name));

    private static SafeFileHandle Open(string path, int flags)
    {
        var descriptor = LibC.Open(path, flags | LibC.NonBlocking | LibC.CloseOnExec, OwnerOnly);
        if (descriptor < 0)
        {
            throw Marshal.GetLastPInvokeError() switch
            {
                LibC.NotFound or LibC.NotAFolder => new FileNotFoundException("It is not there.", path),
                LibC.TooManyLinks or LibC.NoDevice or LibC.IsAFolder => new NotAFileException(path, KindOf(path)),
                _ => LibC.Failure(path),
            };
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Kind(LibC.Facts(descriptor).Mode) is var kind and not FileKind.File)
        {
            handle.Dispose();
            throw new NotAFileException(path, kind);
        }

        return handle;
    }

    private static FileKind Kind(int mode) => (mode & LibC.TypeMask) switch
    {
        LibC.RegularFile => FileKind.File,
        LibC.Folder => FileKind.Folder,
        0xA000 => FileKind.Link,
        0x1000 => FileKind.Pipe,
        0xC000 => FileKind.Socket,
        _ => FileKind.Device,
    };
}

/// <summary>What can lie at a path.</summary>
public enum FileKind
{
    Nothing,
    File,
    Folder,
    Link,
    Pipe,
    Socket,
    Device,
}

/// <summary>Where a file of the hub's should be, something else is: it is not read and not written.</summary>
public sealed class NotAFileException(string path, FileKind kind)
    : IOException($"{path} is {Words(kind)}, not a file. Something other than ExperimentHub put it there.")
{
    private static string Words(FileKind kind) => kind switch
    {
        FileKind.Folder => "a folder",
        FileKind.Link => "a symbolic link",
        FileKind.Pipe => "a pipe",
        FileKind.Socket => "a socket",
        FileKind.Device => "a device",
        _ => "gone",
    };
}
