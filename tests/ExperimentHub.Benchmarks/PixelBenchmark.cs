using System.Text.Json;
using ExperimentHub.TestHub;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// From a step to the screen: ten paced runs train at once, and run pages follow them in one Chromium on this machine, first one page and then one
/// for each run. A step counts as shown at the first animation frame after ECharts drew a point with at least that step. Each page has a browser
/// context of its own, as if ten people looked: pages of one context share six connections to the hub, of which a run page that is looked at keeps
/// one, so the seventh would not load.
/// </summary>
internal static class PixelBenchmark
{
    private const int Runs = 10;
    private const int StepsPerSecond = 200;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    /// <summary>For the last steps of a window to be drawn.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        await using var chromium = await Chromium.StartAsync();
        if (chromium is null)
            return [new Row("step to the frame that shows it", "ms", [], "no Chromium on this machine")];
        await using var paced = await PacedHub.StartAsync(StepsPerSecond, Runs);
        var runs = new List<string>();
        for (var i = 0; i < Runs; i++)
            runs.Add(await paced.StartRunAsync((Window + Patience) * (2 * rounds + 5)));
        var pages = new Dictionary<string, IPage>();
        var rows = new List<Row>();
        foreach (var looking in (int[])[1, Runs])
        {
            foreach (var run in runs[pages.Count..looking])
                pages[run] = await FollowAsync(paced, chromium, run);
            var (half, most, afterTold) = (new List<double>(), new List<double>(), new List<double>());
            for (var round = 1; round <= rounds; round++)
            {
                var begin = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
                await Task.Delay(Window);
                var end = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
                var waits = (await Task.WhenAll(pages.Select(page => WaitsAsync(paced, page.Key, page.Value, begin, end)))).SelectMany(wait => wait)
                    .ToList();
                List<double> sinceDone = [.. waits.Select(wait => wait.SinceDone)];
                half.Add(sinceDone.Quantile(0.5));
                most.Add(sinceDone.Quantile(0.95));
                afterTold.Add(waits.Select(wait => wait.SinceTold).ToList().Quantile(0.95));
                Console.WriteLine(
                    $"{looking} pages, round {round}: {waits.Count:N0} steps, p50 {half[^1]:0} ms, p95 {most[^1]:0} ms, longest {sinceDone.Max():0} "
                        + $"ms; p95 since they were told {afterTold[^1]:0} ms");
            }

            rows.Add(new Row($"step to the frame that shows it, {Runs} live runs with {StepsPerSecond} steps/s each, {looking} pages open, p50",
                "ms", half));
            rows.Add(new Row("the same, p95", "ms", most, Goal: "<= 600, aim 400"));
            rows.Add(new Row("the same without the wait in the trainer, which tells its steps four times a second, p95", "ms", afterTold));
        }

        return rows;
    }

    /// <summary>Opens the page of a run, over its steps, which a person can choose instead of the epochs.</summary>
    private static async Task<IPage> FollowAsync(PacedHub paced, Chromium chromium, string run)
    {
        var page = await chromium.OpenAsync(paced.Hub.Address, 1280, 800, ColorScheme.Light);
        await page.AddInitScriptAsync(scriptPath: Path.Combine(AppContext.BaseDirectory, "drawn-steps.js"));
        await page.GotoAsync($"/runs/{run}");
        await page.WaitForFunctionAsync("() => drawnSteps.length > 0");
        await page.Locator("input[name='chart-axis'][value='step']").CheckAsync();
        await page.WaitForFunctionAsync($"() => drawnSteps.at(-1)[0] > {StepsPerSecond}");
        return page;
    }

    /// <summary>How long each step that was done in the window waited for its frame.</summary>
    private static async Task<IReadOnlyList<(double SinceDone, double SinceTold)>> WaitsAsync(PacedHub paced, string run, IPage page,
        long begin, long end)
    {
        // A trainer that was held up notes its steps late.
        List<StepTime> steps;
        while ((steps = [.. paced.StepsOf(run)])[^1].DoneAt < end)
            await Task.Delay(100);
        steps.RemoveAll(step => step.DoneAt < begin || step.DoneAt >= end);
        await page.WaitForFunctionAsync($"() => drawnSteps.at(-1)[0] >= {steps[^1].Step}", null,
            new() { Timeout = (float)Patience.TotalMilliseconds });
        var frames = (await page.EvaluateAsync<JsonElement>("() => drawnSteps")).EnumerateArray()
            .Select(frame => (Step: frame[0].GetDouble(), At: frame[1].GetDouble())).ToList();
        var waits = new List<(double, double)>();
        var next = 0;
        foreach (var step in steps)
        {
            while (frames[next].Step < step.Step)
                next++;
            if (frames[next].At < step.DoneAt)
                throw new InvalidOperationException($"The page of run {run} drew step {step.Step} before it was done.");
            waits.Add((frames[next].At - step.DoneAt, frames[next].At - step.ToldAt));
        }

        return waits;
    }
}
