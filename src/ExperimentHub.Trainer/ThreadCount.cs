using ExperimentHub.Protocol.Models;

namespace ExperimentHub.Trainer;

/// <summary>How many CPU threads torch uses inside one operation.</summary>
internal static class ThreadCount
{
    // A sleeping thread wakes too late for a short operation: measured on two cores, an MLP at batch 128 (0.18 GFLOP a step) takes 1.26 ms with one
    // thread and 1.49 ms with two, at batch 512 (0.72 GFLOP) 4.8 ms and 3.8 ms. docs/decisions/0013-training-step.md has the others.
    private const long WorthSharing = 500_000_000;

    // Forward once, backward about twice as much.
    private const int PassesPerStep = 3;

    /// <summary>
    /// One thread for small steps, all cores for large ones. The count is part of what makes two runs bit-identical, so a resumed run keeps the
    /// one it had where this machine has as many cores.
    /// </summary>
    /// <param name="resumed">Threads before the resume; null for a fresh run.</param>
    public static int For(ModelOutline network, int batchSize, int cores, int? resumed = null)
    {
        if (resumed <= cores)
            return resumed.Value;
        return network.FlopsPerSample * batchSize * PassesPerStep < WorthSharing ? 1 : cores;
    }
}
