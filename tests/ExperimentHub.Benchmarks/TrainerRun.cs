using System.Diagnostics;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>A trainer without a hub: the built program, told what to train as the hub tells it, and all that it says.</summary>
internal static class TrainerRun
{
    private static string Program { get; } =
        Path.Combine(Repository.Root, "artifacts", "bin", "ExperimentHub.Trainer", Configuration, "ExperimentHub.Trainer");

    // The trainer is built beside this program, in the same way.
    private static string Configuration => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    /// <param name="device">As torch names it.</param>
    public static async Task<IReadOnlyList<TrainerEvent>> TrainAsync(TrainingSpec spec, string device)
    {
        var folder = Directory.CreateDirectory(HubProcess.NewFolder()).FullName;
        using var trainer = Process.Start(new ProcessStartInfo(Program)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
            RedirectStandardError = true
        })!;
        var log = trainer.StandardError.ReadToEndAsync();
        await trainer.StandardInput.WriteLineAsync(ProtocolJson.Write<TrainerCommand>(
            new StartTraining(Guid.NewGuid().ToString("N"), 1, spec.Tidied(), device, folder, HubProcess.DatasetFolder, "benchmark",
                Dataset: DatasetCatalog.Get(spec.Dataset))));
        await trainer.StandardInput.FlushAsync();
        var told = new List<TrainerEvent>();
        while (await trainer.StandardOutput.ReadLineAsync() is { } line)
            told.Add(ProtocolJson.Read<TrainerEvent>(line));
        await trainer.WaitForExitAsync();
        Directory.Delete(folder, recursive: true);
        return told.LastOrDefault() is TrainingFinished or TrainingFailed
            ? told : throw new InvalidOperationException($"The trainer ended without a word:\n{await log}");
    }
}
