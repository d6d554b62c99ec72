namespace ExperimentHub.Tracking.Storage;

/// <summary>What the system's errors on files mean for whoever wants to write them.</summary>
internal static class DiskTrouble
{
    // errno of Linux, which .NET hands through as the exception's HResult: input/output error, file too large, no space left, read-only file system,
    // quota exceeded.
    private const int Eio = 5, Efbig = 27, Enospc = 28, Erofs = 30, Edquot = 122;

    public static StorageTrouble? Of(IOException exception) => exception.HResult switch
    {
        Enospc or Edquot or Efbig => StorageTrouble.Full,
        Eio or Erofs => StorageTrouble.Failing,
        _ => null,
    };
}
