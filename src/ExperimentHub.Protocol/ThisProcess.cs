using System.Runtime.InteropServices;

namespace ExperimentHub.Protocol;

/// <summary>What a process does to itself, where .NET's way waits for others.</summary>
public static partial class ThisProcess
{
    /// <summary>
    /// Ends the process now. <see cref="Environment.Exit"/> first asks everybody who wanted to hear of the end: closing a database that somebody has
    /// locked is one of them, and takes as long as the lock.
    /// </summary>
    /// <param name="code">What the process leaves, from 0 to 255.</param>
    public static void EndAtOnce(int code) => Exit(code);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);
}
