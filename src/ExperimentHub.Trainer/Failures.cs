using System.Runtime.InteropServices;

namespace ExperimentHub.Trainer;

/// <summary>Turns what libraries throw into a reason and a remedy for a person.</summary>
internal static class Failures
{
    public static TrainingFailure Explain(Exception failure) => failure switch
    {
        TrainingFailure known => known,
        // libtorch's errors all arrive as one type; only their words differ.
        ExternalException when Says(failure, "out of memory") => new TrainingFailure(
            $"The GPU has too little free memory: {FirstLine(failure)}", "Use a smaller batch size or a smaller model, or wait until other programs on this GPU have ended.", failure),
        ExternalException when Says(failure, "can't allocate memory") || Says(failure, "DefaultCPUAllocator") => new TrainingFailure(
            $"The machine has too little free memory: {FirstLine(failure)}", "Use a smaller batch size or end other programs.", failure),
        OutOfMemoryException => new TrainingFailure("The machine has too little free memory.", "Use a smaller batch size or end other programs.", failure),
        ExternalException when Says(failure, "CUDA") => new TrainingFailure(
            $"The GPU reported an error: {FirstLine(failure)}", "Start the run again; if it fails again, restart the machine's NVIDIA driver or choose another device.", failure),
        ExternalException => new TrainingFailure($"torch reported an error: {FirstLine(failure)}", null, failure),
        _ => new TrainingFailure($"The trainer failed unexpectedly: {failure.GetType().Name}: {FirstLine(failure)}", "The log has the details; please report this.", failure),
    };

    private static bool Says(Exception failure, string words) => failure.Message.Contains(words, StringComparison.OrdinalIgnoreCase);

    // The rest is a native stack trace.
    private static string FirstLine(Exception failure) => failure.Message.Split('\n')[0].Trim();
}
