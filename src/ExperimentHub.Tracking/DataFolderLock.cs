using ExperimentHub.Protocol.Files;

namespace ExperimentHub.Tracking;

/// <summary>
/// Holds a data folder for one hub. Neither SQLite's nor Quartz's own locks keep a second hub from running the same jobs again, so the
/// lock is taken before any database is opened. The system frees it when the process ends, however it ends.
/// </summary>
public sealed class DataFolderLock : IDisposable
{
    private const int WouldBlock = 11; // EAGAIN: what flock says of a file that another process holds

    private readonly FileStream _file;

    private DataFolderLock(FileStream file) => _file = file;

    /// <exception cref="DataFolderInUseException">Another hub holds the folder.</exception>
    /// <exception cref="NotAFileException">Something that is no file lies in the place of the lock.</exception>
    public static DataFolderLock Take(DataFolder folder)
    {
        if (OwnFile.KindOf(folder.LockFile) is var kind and not (FileKind.File or FileKind.Nothing))
            throw new NotAFileException(folder.LockFile, kind);
        FileStream file;
        try
        {
            file = new FileStream(folder.LockFile, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                // For reading and writing even a pipe opens at once.
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            throw new DataFolderInUseException(folder.Root, e);
        }

        try
        {
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        }
        catch (IOException)
        {
            // The number is for people, and the lock holds without it: a full disk is no reason not to have it.
        }

        return new DataFolderLock(file);
    }

    public void Dispose() => _file.Dispose();
}

/// <summary>A second hub was started on the same data folder.</summary>
public sealed class DataFolderInUseException(string folder, Exception inner)
    : Exception($"Another ExperimentHub is using the data folder {folder}. Stop that one, or start this one with --Hub:DataFolder=<another folder>.",
        inner);
