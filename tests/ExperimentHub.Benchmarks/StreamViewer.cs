using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>A program that follows a run through the event stream, as a run page does.</summary>
internal static class StreamViewer
{
    /// <returns>The bytes that came until the end.</returns>
    public static async Task<double> ReadAsync(HubProcess hub, string path, CancellationToken end)
    {
        var buffer = new byte[16 << 10];
        var total = 0.0;
        try
        {
            await using var stream = await hub.Http.GetStreamAsync(new Uri(path, UriKind.Relative), end);
            while (await stream.ReadAsync(buffer, end) is var read and > 0)
                total += read;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return total;
        }

        throw new InvalidOperationException($"{path} ended although its run goes on.");
    }
}
