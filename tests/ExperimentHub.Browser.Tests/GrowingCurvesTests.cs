using System.Text.Json;
using Microsoft.Playwright;

namespace ExperimentHub.Browser.Tests;

/// <summary>What the compare page knows of a curve that grows while it is read: each point once, whichever way it comes.</summary>
public sealed class GrowingCurvesTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    /// <summary>
    /// A run whose curve was read up to a step, in the hub's binary form; <c>answer(last)</c> answers what is asked for then. Points of the stream
    /// are <c>news(first, last)</c>, and <c>steps()</c> are those that the page knows.
    /// </summary>
    private const string Given = """
        const { Histories } = await import('/js/compare/histories.js');
        const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
        const written = (last) => {
          const steps = Int32Array.from(range(1, last));
          const values = Float64Array.from(steps, (step) => step / 2);
          const times = { steps: ['i4', 0, 0], unix: ['f8', 0, 0] };
          const header = JSON.stringify({ runs: [{ run: 'a', epochSeconds: ['f8', 0, 0], stepsPerEpoch: 10, times,
            series: [{ metric: 'loss', stepsPerBucket: 0, steps: ['i4', values.byteLength, last], values: ['f8', 0, last] }] }] });
          const padded = new TextEncoder().encode(header.padEnd(Math.ceil(header.length / 8) * 8));
          const length = new Uint8Array(4);
          new DataView(length.buffer).setInt32(0, padded.length, true);
          return new Response(new Blob(['EHS1', length, padded, values, steps]));
        };
        const asked = [];
        window.fetch = (_, { signal }) => new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          asked.push((last) => resolve(written(last)));
        });
        const answer = (last) => asked.shift()(last);
        const histories = new Histories();
        const news = (first, last) => histories.add([{ run: 'a', stepsPerEpoch: 10, times: { steps: [last], unix: [last * 1000] },
          series: [{ metric: 'loss', steps: range(first, last), values: range(first, last).map((step) => step / 2) }] }]);
        const steps = () => [...histories.get('a')?.series.get('loss')?.steps ?? []];
        const read = () => histories.read([{ id: 'a', version: 'Running-1' }], ['loss'], false);
        """;

    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Points_WhichComeBeforeWhileAndAfterACurveIsRead_AreInItOnce()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/compare");

        var one = await RunAsync(page, """
            news(1, 2);
            const reading = read();
            news(3, 4);
            news(5, 6);
            answer(5);
            await reading;
            news(6, 8);
            return [steps(), histories.get('a').times.steps];
            """);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], one[0]);
        Assert.Equal([4, 6, 8], one[1]);

        // Another one is read meanwhile, and the curve goes on; a metric that nobody read begins nowhere.
        var other = await RunAsync(page, """
            const first = read();
            answer(3);
            await first;
            const second = histories.read([{ id: 'a', version: 'Running-1' }, { id: 'b', version: 'Running-1' }], ['loss'], false);
            news(4, 5);
            histories.add([{ run: 'a', stepsPerEpoch: 10, times: { steps: [], unix: [] }, series: [{ metric: 'unread', steps: [5], values: [1] }] }]);
            const before = steps();
            answer(1);
            await second;
            return [before, steps(), [histories.get('a').series.size]];
            """);
        Assert.Equal([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1]], other);
    }

    [Fact]
    public async Task Points_OfARunThatWentBack_AreForgottenAndReadAgain()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/compare");

        var back = await RunAsync(page, """
            const first = read();
            answer(6);
            await first;
            const again = histories.read([{ id: 'a', version: 'Running-2' }], ['loss'], false);
            news(7, 12);
            histories.forget(['a']);
            const last = read();
            const isNewest = await again;
            news(4, 13);
            const shown = steps();
            asked.shift();
            answer(4);
            await last;
            return [shown, steps(), [isNewest ? 1 : 0]];
            """);
        // Nothing is added to what is void, and it stays in the picture until the run is read; of what came before it went back nothing is left.
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], back[0]);
        Assert.Equal(Enumerable.Range(1, 13), back[1]);
        Assert.Equal([0], back[2]);
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private static async Task<int[][]> RunAsync(IPage page, string then) =>
        (await page.EvaluateAsync<JsonElement>($"async () => {{ {Given}\n{then} }}")).Deserialize<int[][]>()!;
}
