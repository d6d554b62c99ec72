using ExperimentHub.Protocol.Models;

namespace ExperimentHub.Trainer;

/// <summary>How many CPU threads torch uses inside one operation.</summary>
internal static class ThreadCount
{
    // Waking and joining the other threads costs some 5-20 microseconds per operation. Below this much arithmetic in a step that is more than
    // they save: measured on two cores, simple-nn at batch 32 (1.5 MFLOP) takes 0.32 s an epoch with one thread and 0.5 s with two.
    private const long WorthSharing = 20_000_000;

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
