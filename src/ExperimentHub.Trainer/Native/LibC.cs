using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace ExperimentHub.Trainer.Native;

/// <summary>The calls to the C library that .NET has no counterpart for.</summary>
internal static partial class LibC
{
    private const string Library = "libc";
    private const int Terminate = 15;
    private const nint Ignore = 1;

    private static bool _leads;

    /// <summary>
    /// Moves standard output to a private descriptor and points descriptor 1 at standard error, so that a native library that prints cannot
    /// garble the channel to the hub.
    /// </summary>
    /// <returns>The channel, unbuffered: what is written is on its way when the call returns.</returns>
    public static Stream TakeStandardOutput()
    {
        // .NET duplicates descriptor 1 for this stream.
        var channel = Console.OpenStandardOutput();
        Check(Duplicate(2, 1), "dup2");
        return channel;
    }

    /// <summary>
    /// Sets an environment variable for native libraries that are loaded later; .NET keeps its own copy of the environment, which they do not see.
    /// One that is set already stays.
    /// </summary>
    public static void SetDefaultEnvironment(string name, string value) => Check(SetEnvironment(name, value, overwrite: 0), $"setenv {name}");

    /// <summary>
    /// Lets the C library keep memory that is freed. A training frees in every step what it needs again in the next, and giving tens of megabytes
    /// back to the system and clearing them anew took up to half of a convolutional network's time.
    /// </summary>
    public static void KeepFreedMemory()
    {
        // The numbers are glibc's: M_ARENA_MAX, M_MMAP_THRESHOLD (32 MiB is the most it takes), M_TRIM_THRESHOLD. Another C library has no such
        // setting.
        _ = SetMalloc(-8, 1);
        _ = SetMalloc(-3, 32 << 20);
        _ = SetMalloc(-1, int.MaxValue);
    }

    /// <summary>
    /// Makes the process the leader of a session of its own, with everything that it starts: whoever ends it reaches all of them at once, and a
    /// terminal's Ctrl+C none. One that leads a group already, because a shell started it so, stays as it is.
    /// </summary>
    public static void LeadSession() => _leads = SetSession() >= 0;

    /// <summary>Ends the process at once, with what it has started: no finalizers, no waiting for threads that are inside native code.</summary>
    [DoesNotReturn]
    public static void ExitNow(int code)
    {
        if (_leads)
        {
            // To all of the group but us.
            _ = SetSignal(Terminate, Ignore);
            _ = Kill(0, Terminate);
        }

        Exit(code);
        throw new InvalidOperationException("_exit returned.");
    }

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call}: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());

    [LibraryImport(Library, EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate(int from, int to);

    [LibraryImport(Library, EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport(Library, EntryPoint = "mallopt")]
    private static partial int SetMalloc(int parameter, int value);

    [LibraryImport(Library, EntryPoint = "setsid")]
    private static partial int SetSession();

    [LibraryImport(Library, EntryPoint = "signal")]
    private static partial nint SetSignal(int signal, nint action);

    [LibraryImport(Library, EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LibraryImport(Library, EntryPoint = "_exit")]
    private static partial void Exit(int code);
}
