using System.Runtime.InteropServices;
using ExperimentHub.Trainer.Checkpoints;

namespace ExperimentHub.Trainer;

/// <summary>Turns what libraries throw into a reason and a remedy for a person.</summary>
internal static class Failures
{
    // The allocator's own words, those of the driver ("CUDA error: out of memory"), and those of cuBLAS and cuDNN, which take memory of their own.
    private static readonly string[] NoGpuMemory = ["out of memory", "STATUS_ALLOC_FAILED", "ALLOCATION_FAILED"];

    // What follows tells how PyTorch's allocator divides its memory and which variable of its own to set.
    private const string AllocatorDetails = " Of the allocated memory";

    private const string CpuAllocator = "DefaultCPUAllocator: ";

    // libtorch puts the reason of a failure inside a script last, after a trace of the script.
    private const string ScriptReason = "RuntimeError: ";

    public static TrainingFailure Explain(Exception failure) => failure switch
    {
        TrainingFailure known => known,
        NoRoomException none => new TrainingFailure($"There is too little room on the disk: {none.Message}", "Make room and try again.", none),
        // libtorch's errors all arrive as one type; only their words differ.
        ExternalException when NoGpuMemory.Any(words => Says(failure, words)) => new TrainingFailure(
            $"The GPU has too little free memory: {Before(AllocatorDetails, Reason(failure))}",
            "Use a smaller batch size or a smaller model, or wait until other programs on this GPU have ended.", failure),
        ExternalException when Says(failure, CpuAllocator) => new TrainingFailure(
            $"The machine has too little free memory: {After(CpuAllocator, Reason(failure))}", "Use a smaller batch size or end other programs.", failure),
        OutOfMemoryException => new TrainingFailure("The machine has too little free memory.", "Use a smaller batch size or end other programs.", failure),
        ExternalException when Says(failure, "CUDA") => new TrainingFailure(
            $"The GPU reported an error: {Reason(failure)}", "Start the run again; if it fails again, restart the machine's NVIDIA driver or choose another device.", failure),
        ExternalException => new TrainingFailure($"torch reported an error: {Reason(failure)}", null, failure),
        _ => new TrainingFailure($"The trainer failed unexpectedly: {failure.GetType().Name}: {Reason(failure)}", "The log has the details; please report this.", failure),
    };

    private static bool Says(Exception failure, string words) => failure.Message.Contains(words, StringComparison.OrdinalIgnoreCase);

    /// <summary>One line; what surrounds it is a native stack trace or the trace of a script.</summary>
    private static string Reason(Exception failure)
    {
        var lines = failure.Message.Split('\n');
        return (lines.LastOrDefault(line => line.StartsWith(ScriptReason, StringComparison.Ordinal))?[ScriptReason.Length..] ?? lines[0]).Trim();
    }

    private static string Before(string mark, string text) => text.Split(mark)[0];

    private static string After(string mark, string text) => text.Split(mark)[^1];
}
