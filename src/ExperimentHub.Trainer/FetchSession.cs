using System.Text;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Hub;
using ExperimentHub.Trainer.Native;

namespace ExperimentHub.Trainer;

/// <summary>
/// Fetches a published data set into the machine's cache, as a run that needs it would, without training anything or loading torch.
/// </summary>
internal static class FetchSession
{
    /// <param name="key">Of <see cref="DatasetCatalog"/>.</param>
    /// <param name="folder">The cache.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string key, string folder)
    {
        if (DatasetCatalog.Find(key) is not { } dataset)
        {
            Log($"error: '{key}' is not a published data set. Choose one of: {string.Join(", ", DatasetCatalog.All.Select(known => known.Key))}.");
            return ExitCode.Usage;
        }

        using var output = Console.OpenStandardOutput();
        var events = new EventWriter(line => output.Write(Encoding.UTF8.GetBytes(line + "\n")));
        new Thread(EndWithInput) { IsBackground = true, Name = "hub" }.Start();
        try
        {
            using var http = MirrorSource.CreateClient();
            var progress = new FetchProgress(new PreparingThrottle(events).Report, events.Beat);
            await new DatasetStore(Path.GetFullPath(folder), info => DatasetStore.PublicSources(info, http), progress, Log).LoadAsync(dataset,
                CancellationToken.None);
            events.Send(new TrainingFinished());
            return ExitCode.Done;
        }
        catch (Exception failure)
        {
            var known = Failures.Explain(failure);
            Log(known == failure ? $"error: {failure.Message}" : $"error: {failure}");
            events.Send(new TrainingFailed(known.Message, known.Remedy));
            return ExitCode.Failed;
        }
    }

    /// <summary>
    /// The end of the input means that the hub is gone or no longer wants the data set. Whatever is half written has a temporary name.
    /// </summary>
    private static void EndWithInput()
    {
        while (Console.In.Read() >= 0)
        {
            // Nothing is asked on the way.
        }

        LibC.ExitNow(ExitCode.HubGone);
    }

    private static void Log(string line) => Console.Error.WriteLine(line);
}
