using System.Runtime.InteropServices;
using ExperimentHub.Trainer.Checkpoints;

namespace ExperimentHub.Trainer;

/// <summary>Turns what libraries throw into a reason and a remedy for a person.</summary>
internal static class Failures
{
    // The allocator's own words, those of the driver ("CUDA error: out of memory"), and those of cuBLAS and cuDNN, which take memory of their own.
    private static readonly string[] NoGpuMemory = ["out of memory", "STATUS_ALLOC_FAILED", "ALLOCATION_FAILED"];

    private const string NoWayToConvolve =
        "CUDA's library for convolutions found no way to compute this, mostly because the GPU has too little free memory, or because it is too old "
            + "for this libtorch";

    private const string AnotherWayToConvolve = "Use a smaller batch size, run it without 'deterministic', or choose another device.";

    // Words of CUDA's libraries with what they mean for a person, the more telling first: a message can hold several. What none of them fits gets the
    // general advice.
    private static readonly (string Words, string Reason, string Remedy)[] GpuTroubles =
    [
        ("no kernel image is available", "This libtorch has no code for this GPU, which is too old or too new for it",
            "Choose another device, or use a torch of the same version that was built for this GPU (EXPERIMENTHUB_LIBTORCH)."),
        ("busy or unavailable", "The GPU is used by another program alone, or its compute mode lets nobody use it",
            "Wait until that program has ended (nvidia-smi lists it), choose another device, or set the compute mode back (nvidia-smi -c DEFAULT)."),
        ("driver version is insufficient", "The NVIDIA driver is too old for this libtorch", "Install a newer driver, or choose the CPU."),
        ("invalid device ordinal", "There is no GPU of this number", "Choose another device; CUDA_VISIBLE_DEVICES hides GPUs."),
        ("uncorrectable ECC error", "The GPU's memory has an error that cannot be corrected", "Choose another device and have this GPU looked at "
            + "(nvidia-smi -q -d ECC)."),
        ("GPU is lost", "The GPU has fallen off the bus", "Choose another device; the machine must be started again before this one can be used."),
        // Both libraries take their memory outside torch's allocator, at their first use, and say this where there is none left.
        ("CUBLAS_STATUS_NOT_INITIALIZED", "CUDA's matrix library could not start, mostly because the GPU has too little free memory",
            "Wait until other programs on this GPU have ended, or use a smaller batch size; if the GPU is free, see whether driver and libtorch fit "
                + "with the trainer's --selftest."),
        ("CUDNN_STATUS_NOT_INITIALIZED", "CUDA's library for convolutions could not start, mostly because the GPU has too little free memory",
            "Wait until other programs on this GPU have ended, or use a smaller batch size; if the GPU is free, see whether driver and libtorch fit "
                + "with the trainer's --selftest."),
        // What torch says where it has tried all of cuDNN's ways: in it is neither CUDA nor cuDNN's name. The second are the words of its older way
        // of asking.
        ("unable to find an engine", NoWayToConvolve, AnotherWayToConvolve),
        ("unable to find a valid cuDNN algorithm", NoWayToConvolve, AnotherWayToConvolve),
        ("cuDNN error", "CUDA's library for convolutions failed",
            "Start the run again with a smaller batch size; if it fails again, its files do not fit together: build or install the trainer, or the "
                + "torch that EXPERIMENTHUB_LIBTORCH names, again."),
    ];

    // What follows tells how PyTorch's allocator divides its memory and which variable of its own to set.
    private const string AllocatorDetails = " Of the allocated memory";

    private const string CpuAllocator = "DefaultCPUAllocator: ";

    // libtorch puts the reason of a failure inside a script last, after a trace of the script.
    private const string ScriptReason = "RuntimeError: ";

    public static TrainingFailure Explain(Exception failure) => failure switch
    {
        TrainingFailure known => known,
        NoRoomException none => new TrainingFailure($"There is too little room on the disk: {none.Message}", "Make room and try again.", none),
        // libtorch's errors all arrive as one type without a code; only their words differ. This is the one place that reads them.
        ExternalException when NoGpuMemory.Any(words => Says(failure, words)) => new TrainingFailure(
            $"The GPU has too little free memory: {Before(AllocatorDetails, Reason(failure))}",
            "Use a smaller batch size or a smaller model, or wait until other programs on this GPU have ended.", failure),
        ExternalException when Says(failure, CpuAllocator) => new TrainingFailure(
            $"The machine has too little free memory: {After(CpuAllocator, Reason(failure))}",
            "Use a smaller batch size or end other programs.", failure),
        OutOfMemoryException =>
            new TrainingFailure("The machine has too little free memory.", "Use a smaller batch size or end other programs.", failure),
        ExternalException when GpuTroubles.FirstOrDefault(trouble => Says(failure, trouble.Words)) is { Words: not null } trouble =>
            new TrainingFailure(
            $"{trouble.Reason}: {Reason(failure)}", trouble.Remedy, failure),
        ExternalException when Says(failure, "CUDA") => new TrainingFailure(
            $"The GPU reported an error: {Reason(failure)}",
            "Start the run again; if it fails again, restart the machine's NVIDIA driver or choose another device.", failure),
        ExternalException => new TrainingFailure($"torch reported an error: {Reason(failure)}", null, failure),
        _ => new TrainingFailure($"The trainer failed unexpectedly: {failure.GetType().Name}: {Reason(failure)}",
            "The log has the details; please report this.", failure),
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
