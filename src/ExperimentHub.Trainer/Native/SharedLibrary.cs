using System.Runtime.InteropServices;

namespace ExperimentHub.Trainer.Native;

/// <summary>
/// Opens libraries with all their symbols at once, as Python does. Bound when they are first called, as .NET opens them, a symbol that is missing
/// would end the process in the middle of a training; so it is a refusal that says which.
/// </summary>
internal static partial class SharedLibrary
{
    // In glibc before 2.34 dlopen lies here and not in libc; later ones keep this name for it.
    private const string Loader = "libdl.so.2";
    private const int BindNow = 2; // RTLD_NOW

    /// <param name="path">A name without a folder is looked for where the loader looks.</param>
    /// <returns>The handle, or why it does not load, in the loader's words.</returns>
    public static (nint Handle, string? Problem) Open(string path)
    {
        // Bound now: looking for this function would itself take away what it is to tell.
        _ = LastError();
        var handle = OpenLibrary(path, BindNow);
        return handle != 0 ? (handle, null) : (0, Marshal.PtrToStringUTF8(LastError())?.Trim() ?? "no reason given");
    }

    [LibraryImport(Loader, EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenLibrary(string path, int flags);

    [LibraryImport(Loader, EntryPoint = "dlerror")]
    private static partial nint LastError();
}
