using System.Diagnostics;
using ExperimentHub.TestHub;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// What an open page asks the database: the statements that read, in each second, less those that the hub asks for itself beside the same runs while
/// nobody looks. Idle, beside one training, and beside ten that end an epoch every two seconds each. A round is a window of ten seconds.
/// </summary>
internal static class StatementBenchmark
{
    private const int Runs = 60;
    private const int Epochs = 3;
    private const int StepsPerEpoch = 50;
    private const int StepsPerSecond = PacedTrainer.StepsPerEpoch / 2;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    /// <summary>After a page shows what it shows first.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        await using var chromium = await Chromium.StartAsync();
        if (chromium is null)
            return [new Row("what pages ask the database", "1/s", [], "no Chromium on this machine")];
        return [.. await BesideAsync(chromium, 0, rounds), .. await BesideAsync(chromium, 1, rounds), .. await BesideAsync(chromium, 10, rounds)];
    }

    private static async Task<IReadOnlyList<Row>> BesideAsync(Chromium chromium, int live, int rounds)
    {
        var data = HubProcess.NewFolder();
        var ended = await TrainedRuns.MakeAsync(data, Runs, Epochs, StepsPerEpoch);
        using var log = new StatementLog();
        await using var paced = await PacedHub.StartAsync(StepsPerSecond, Math.Max(live, 1), data);
        var running = new List<string>();
        while (running.Count < live)
            running.Add(await paced.StartRunAsync(TimeSpan.FromHours(1)));
        while (!running.All(paced.HasBegun))
            await Task.Delay(TimeSpan.FromMilliseconds(200));

        string[] paths =
        [
            "/runs", "/", $"/runs/{running.FirstOrDefault() ?? ended[^1].ToString()}", "/experiments", "/experiments/1",
            $"/compare?runs={string.Join(',', running.DefaultIfEmpty(ended[0].ToString()))},{ended[1]}",
            "/schedules", "/devices", "/storage", "/datasets",
        ];
        var nobody = await PerSecondAsync(log, rounds);
        var beside = live switch { 0 => "nothing runs", 1 => "beside one training", _ => $"beside {live} trainings" };
        var rows = new List<Row> { new($"the hub itself, {beside}", "1/s", nobody) };
        foreach (var path in paths)
        {
            var page = await chromium.OpenAsync(paced.Hub.Address, 1280, 800, ColorScheme.Light);
            await page.GotoAsync(path);
            await page.WaitForFunctionAsync(PageLoadBenchmark.Usable);
            await Task.Delay(Settling);
            var asked = await PerSecondAsync(log, rounds);
            await page.Context.CloseAsync();
            var name = path.Split('?')[0].Replace(running.FirstOrDefault() ?? ended[^1].ToString(), "{id}", StringComparison.Ordinal);
            rows.Add(new Row($"{name}, {beside}", "1/s", [.. asked.Select(rate => rate - nobody.Quantile(0.5))], Goal: GoalOf(name, live)));
        }

        return rows;
    }

    private static string? GoalOf(string page, int live) => (page, live) switch
    {
        ("/runs" or "/" or "/runs/{id}" or "/compare", 0) => "0",
        ("/runs", 1) => "<= 1",
        ("/runs" or "/" or "/runs/{id}" or "/compare", 1) or ("/runs" or "/runs/{id}", _) => "<= 2",
        ("/" or "/compare", _) => "<= 4",
        _ => null,
    };

    private static async Task<IReadOnlyList<double>> PerSecondAsync(StatementLog log, int rounds)
    {
        var rates = new List<double>();
        log.Questions();
        var texts = new List<string>();
        for (var (round, clock) = (1, Stopwatch.StartNew()); round <= rounds; round++, clock.Restart())
        {
            await Task.Delay(Window);
            var questions = log.Questions();
            texts.AddRange(questions);
            rates.Add(questions.Count / clock.Elapsed.TotalSeconds);
        }

        // What was asked most, so that a figure that is too high says where it comes from.
        foreach (var group in texts.GroupBy(Shape).OrderByDescending(group => group.Count()).Take(6))
            Console.WriteLine($"  {group.Count() / (rounds * Window.TotalSeconds),6:0.00}/s  {group.Key}");
        Console.WriteLine();
        return rates;
    }

    /// <summary>What it reads, without the values that it was asked with.</summary>
    private static string Shape(string statement) => statement.Length <= 110 ? statement : $"{statement[..60]} … {statement[^50..]}";
}
