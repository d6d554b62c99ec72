using ExperimentHub.TestHub;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>The bytes that one viewer of a paced run gets: over the event stream, and, with the page open, over its circuit.</summary>
internal static class PacedViewerBenchmark
{
    private const int StepsPerSecond = 2000;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var (stream, circuit) = (new List<double>(), new List<double>());
        await using var chromium = await Chromium.StartAsync();
        await using (var paced = await PacedHub.StartAsync(StepsPerSecond))
        {
            var hub = paced.Hub;
            var id = await paced.StartRunAsync(Window * (rounds + 6));
            var onCircuit = 0L;
            if (chromium is not null)
            {
                var page = await chromium.OpenAsync(hub.Address, 1280, 800, ColorScheme.Light);
                page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) =>
                    Interlocked.Add(ref onCircuit, frame.Binary?.Length ?? frame.Text?.Length ?? 0);
                await page.GotoAsync($"/runs/{id}");
                await page.Locator("figure:not([data-empty])").First.WaitForAsync();
            }

            for (var round = 0; round <= rounds; round++)
            {
                using var window = new CancellationTokenSource(Window);
                var before = Interlocked.Read(ref onCircuit);
                stream.Add(await StreamViewer.ReadAsync(hub, $"/api/v1/runs/{id}/live", window.Token) / Window.TotalSeconds / 1024);
                circuit.Add((Interlocked.Read(ref onCircuit) - before) / Window.TotalSeconds / 1024);
            }
        }

        // The first one holds what the page loads once.
        stream.RemoveAt(0);
        circuit.RemoveAt(0);
        return
        [
            new Row($"to one viewer of a run at {StepsPerSecond} steps/s, event stream", "KiB/s", stream, Goal: "<= 32 KB, aim 8 KB"),
            new Row("the page's circuit beside it, before compression", "KiB/s", circuit, chromium is null ? "no Chromium on this machine" : null),
        ];
    }
}
