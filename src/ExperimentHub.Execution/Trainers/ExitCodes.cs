namespace ExperimentHub.Execution.Trainers;

/// <summary>What an exit code says about a process that gave no last word.</summary>
internal static class ExitCodes
{
    public static string Explain(int? code) => code switch
    {
        null => "it hangs and cannot be ended",
        0 => "it ended with exit code 0",
        134 => "it aborted itself (exit code 134, SIGABRT), as a failed check in a native library does",
        137 => "it was killed (exit code 137, SIGKILL), by a person or because the machine ran out of memory",
        139 => "it crashed in native code (exit code 139, SIGSEGV)",
        143 => "it was told to end (exit code 143, SIGTERM)",
        > 128 => $"it was ended by signal {code - 128} (exit code {code})",
        _ => $"it ended with exit code {code}",
    };
}
