using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>The compare page of many runs in Chromium, from the beginning of the navigation: until the table is there and answers, and until the curves are drawn.</summary>
internal static class CompareBenchmark
{
    private const int Runs = 100;
    private const int RowsAtFirst = 30; // as CompareTable draws them
    private const int Epochs = 5;
    private const int StepsPerEpoch = 200; // 1,000 points of the training loss for each run

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var data = HubProcess.NewFolder();
        var ids = await MakeAsync(data);
        await using var chromium = await Chromium.StartAsync();
        if (chromium is null)
            return [new Row($"compare page of {Runs} runs", "ms", [], "no Chromium on this machine")];
        await using var hub = await HubProcess.StartAsync(data);
        var (table, answer, curves) = (new List<double>(), new List<double>(), new List<double>());
        // The first round warms the hub, which a person meets once a day; its figures are left out.
        for (var round = 0; round <= rounds; round++)
        {
            var page = await chromium.OpenAsync(hub.Address, 1280, 800, ColorScheme.Light);
            await page.GotoAsync($"/compare?runs={string.Join(',', ids)}", new() { WaitUntil = WaitUntilState.Commit });
            await page.Locator(".compare tbody tr").Nth(RowsAtFirst - 1).WaitForAsync(new() { State = WaitForSelectorState.Attached });
            var shown = await NowAsync(page);
            await page.GetByLabel("Hide equal settings").CheckAsync();
            await page.GetByText("equal columns hidden").First.WaitForAsync();
            var answered = await NowAsync(page);
            await page.Locator("compare-curves").ScrollIntoViewIfNeededAsync();
            await page.Locator("compare-curves[data-drawn]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
            var drawn = await NowAsync(page);
            await page.Context.CloseAsync();
            if (round == 0)
                continue;
            table.Add(shown);
            answer.Add(answered);
            curves.Add(drawn);
        }

        Directory.Delete(data, recursive: true);
        return
        [
            new Row($"compare page of {Runs} runs x {Epochs * StepsPerEpoch:N0} points: the table is there", "ms", table),
            new Row("the same: it has answered a click", "ms", answer, Goal: "<= 700, aim 400"),
            new Row("the same: scrolled there, and the curves are drawn", "ms", curves),
        ];
    }

    private static Task<double> NowAsync(IPage page) => page.EvaluateAsync<double>("() => performance.now()");

    private static async Task<IReadOnlyList<RunId>> MakeAsync(string folder)
    {
        await using var hub = await EmptyHub.CreateAsync(existing: folder);
        var random = new Random(7);
        var ids = new List<RunId>();
        for (var run = 0; run < Runs; run++)
        {
            var rate = 0.001 * Math.Pow(10, run % 5 / 2.0);
            var key = await hub.StartAsync(new TrainingSpec { Seed = run % 4, BatchSize = 32 << (run / 5 % 3), Optimizer = new() { LearningRate = Math.Round(rate, 4) }, Model = new() { Kind = run % 2 == 0 ? "simple-nn" : "small-cnn" } });
            await hub.Recorder.StartedAsync(key, new TrainingStarted(new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60_000, 10_000, StepsPerEpoch));
            for (var epoch = 1; epoch <= Epochs; epoch++)
            {
                var first = (epoch - 1) * StepsPerEpoch;
                hub.Recorder.Progress(key, new TrainingProgress(epoch, first + StepsPerEpoch, 1.0 / epoch, 60_000)
                {
                    Losses = [.. Enumerable.Range(first, StepsPerEpoch).Select(step => (float)(2 / (1 + step * rate) + 0.1 * random.NextDouble()))],
                });
                var accuracy = 1 - 0.3 / epoch - 0.05 * random.NextDouble();
                await hub.Recorder.EpochAsync(key, new EpochFinished(epoch, 1 - accuracy, 1.1 - accuracy, accuracy, 0.5) { Best = true });
            }

            await hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, 0);
            ids.Add(key.Run);
        }

        await hub.Get<MetricWriter>().FlushAsync();
        return ids;
    }
}
