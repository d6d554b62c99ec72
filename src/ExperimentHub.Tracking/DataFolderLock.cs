namespace ExperimentHub.Tracking;

/// <summary>
/// Holds a data folder for one hub. Neither SQLite's nor Quartz's own locks keep a second hub from running the same jobs again, so the
/// lock is taken before any database is opened. The system frees it when the process ends, however it ends.
/// </summary>
public sealed class DataFolderLock : IDisposable
{
    private readonly FileStream _file;

    private DataFolderLock(FileStream file) => _file = file;

    /// <exception cref="DataFolderInUseException">Another hub holds the folder.</exception>
    public static DataFolderLock Take(DataFolder folder)
    {
        FileStream file;
        try
        {
            file = new FileStream(folder.LockFile, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException e) when (e is not DirectoryNotFoundException)
        {
            throw new DataFolderInUseException(folder.Root, e);
        }

        file.SetLength(0);
        using (var writer = new StreamWriter(file, leaveOpen: true))
            writer.WriteLine(Environment.ProcessId);
        return new DataFolderLock(file);
    }

    public void Dispose() => _file.Dispose();
}

/// <summary>A second hub was started on the same data folder.</summary>
public sealed class DataFolderInUseException(string folder, Exception inner)
    : Exception($"Another ExperimentHub is using the data folder {folder}. Stop that one, or start this one with --Hub:DataFolder=<another folder>.", inner);
