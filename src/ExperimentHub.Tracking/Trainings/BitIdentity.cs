using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Devices;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// When a run that goes on cannot promise the bits of a run that was never disturbed. On the CPU it can, with the same processor, number of threads
/// and libtorch; sums are otherwise added in another order, and GPUs promise no order at all unless the spec asks for it
/// (<see cref="TrainingSpec.Deterministic"/>).
/// </summary>
public static class BitIdentity
{
    /// <summary>What was different when a run went on, as sentences, the earliest first; empty where nothing was.</summary>
    /// <param name="deterministic">What the run's spec says.</param>
    public static IEnumerable<string> Changes(IReadOnlyList<Attempt> attempts, bool deterministic)
    {
        var trained = attempts.Where(attempt => attempt.Device is not null).OrderBy(attempt => attempt.Number).ToList();
        for (var i = 1; i < trained.Count; i++)
        {
            var (before, now) = (trained[i - 1], trained[i]);
            // An attempt that began anew owes nothing to the ones before.
            if (now is { AfterEpoch: 0, AfterSteps: 0 })
                continue;
            var reasons = Differences(deterministic,
                before.Device!, before.DeviceName, before.Threads, before.TorchVersion, now.Device!, now.DeviceName, now.Threads, now.TorchVersion);
            if (reasons.Count > 0)
                yield return $"From attempt {now.Number} on ({Place(now.AfterEpoch ?? 0, now.AfterSteps ?? 0)}) {string.Join(", ", reasons)}.";
        }
    }

    /// <summary>What would be different if a run went on now on this machine, as parts of a sentence; empty where nothing is known to be.</summary>
    public static IReadOnlyList<string> Expected(Training training, DeviceInventory devices)
    {
        if (training.Device is not { } used || devices.Report is not { TorchVersion: { } torch })
            return [];
        var asked = DeviceRequest.Of(training.Spec);
        var candidates = devices.Candidates(asked).Where(device => devices.Suits(device, asked)).ToList();
        // Which one of several GPUs it gets, only the queue will know; the same one is among them.
        var next = candidates.Find(device => device == used) ?? candidates.FirstOrDefault();
        // A run keeps its number of threads where the machine has as many cores.
        var threads = training.Threads <= Environment.ProcessorCount ? training.Threads : Environment.ProcessorCount;
        return next is null ? [] : Differences(training.Spec.Deterministic,
            used.TorchName, used.Name, training.Threads, training.TorchVersion, next.TorchName, next.Name, threads, torch);
    }

    /// <summary>Where an attempt began: "after epoch 3", "after step 120 of epoch 4", "from the beginning".</summary>
    public static string Place(int epoch, int steps) =>
        steps > 0 ? $"after step {steps:N0} of epoch {epoch + 1:N0}" : epoch > 0 ? $"after epoch {epoch:N0}" : "from the beginning";

    private static List<string> Differences(
        bool deterministic, string device, string? name, int? threads, string? torch, string nextDevice, string? nextName, int? nextThreads,
        string? nextTorch)
    {
        var found = new List<string>();
        if (Kind(device) != Kind(nextDevice) || name != nextName)
            found.Add($"it is {nextName ?? nextDevice} instead of {name ?? device}");
        else if (Kind(device) == DeviceRequest.Cuda && !deterministic)
            found.Add("it is the same kind of GPU, but without 'deterministic' GPUs do not promise the same order of sums twice");
        // The CPU's threads do not touch what a GPU computes.
        if (Kind(nextDevice) == DeviceRequest.Cpu && threads != nextThreads && Kind(device) == DeviceRequest.Cpu)
            found.Add($"it uses {Threads(nextThreads)} instead of {threads}");
        if (!RecordedTorch.Same(torch, nextTorch))
            found.Add($"it is libtorch {nextTorch} instead of {torch}");
        return found;
    }

    private static string Threads(int? count) => count == 1 ? "1 thread" : $"{count} threads";

    private static string Kind(string device) => device.Split(':')[0];
}
