using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.TestHub;

/// <summary>A metric of a run that some other program logs.</summary>
/// <param name="Meaning">What the program says of it; null where that is nothing.</param>
/// <param name="Values">One for each step.</param>
public sealed record LoggedMetric(string Name, MetricMeaning? Meaning, params IReadOnlyList<double> Values)
{
    /// <summary>A name that says nothing, of which the program says that it should be high.</summary>
    public static LoggedMetric Reward(params double[] values) => new("reward", new MetricMeaning(MetricDirection.HigherIsBetter), values);

    /// <summary>Likewise, low.</summary>
    public static LoggedMetric Perplexity(params double[] values) => new("perplexity", new MetricMeaning(MetricDirection.LowerIsBetter), values);
}

/// <summary>Makes runs as they are that some other program did: with parameters and metrics of its own, and without a training.</summary>
public static class LoggedRun
{
    /// <summary>Two metrics that no training of ours has, three points each: profit rises to 30, loss_of_sleep falls to 0.5.</summary>
    public static Task<RunId> MakeAsync(EmptyHub hub, string name = "logged", RunStatus status = RunStatus.Finished, string experiment = "elsewhere",
        double profit = 30,
        params IReadOnlyList<LoggedMetric> metrics) =>
        MakeAsync(hub.Services, name, status, experiment, profit, metrics);

    /// <inheritdoc cref="MakeAsync(EmptyHub, string, RunStatus, string, double, IReadOnlyList{LoggedMetric})"/>
    /// <param name="metrics">Instead of the two; none for these.</param>
    public static async Task<RunId> MakeAsync(
        IServiceProvider hub, string name = "logged", RunStatus status = RunStatus.Finished, string experiment = "elsewhere", double profit = 30,
        params IReadOnlyList<LoggedMetric> metrics)
    {
        var now = DateTime.UtcNow;
        long number;
        var id = RunId.New(TimeProvider.System);
        await using (var db = await hub.GetRequiredService<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
        {
            var home = await db.Experiments.Where(e => e.Name == experiment).Select(e => (int?)e.Id).FirstOrDefaultAsync()
                ?? (await hub.GetRequiredService<ExperimentStore>().CreateAsync(new ExperimentDraft(experiment, "", new TrainingSpec()))).Id!.Value;
            var run = new Run { Id = id, Name = name, ExperimentId = home, AppVersion = "elsewhere", CreatedAt = now, Trigger = RunTrigger.Api };
            foreach (var (param, text) in new[] { ("depth", profit.ToString(CultureInfo.InvariantCulture)), ("flavour", "vanilla") })
            {
                run.Params.Add(new RunParam
                {
                    Param = await db.ParamNames.FirstOrDefaultAsync(known => known.Name == param) ?? new ParamName { Name = param },
                    Number = double.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : null,
                    Text = text,
                });
            }

            db.Runs.Add(run);
            await db.SaveChangesAsync();
            number = run.Number;
            DateTime? started = status == RunStatus.Queued ? null : now;
            DateTime? ended = status.IsActive() ? null : now;
            await db.Runs.Where(r => r.Number == number)
                .ExecuteUpdateAsync(set => set.SetProperty(r => r.Status, status).SetProperty(r => r.StartedAt, started)
                    .SetProperty(r => r.EndedAt, ended));
        }

        var writer = hub.GetRequiredService<MetricWriter>();
        foreach (var metric in metrics.Count > 0
            ? metrics : [new LoggedMetric("profit", null, profit - 20, profit - 10, profit), new LoggedMetric("loss_of_sleep", null, 3, 1, 0.5)])
            await writer.AppendAsync(number, metric.Name, Points(metric.Values), metric.Meaning);
        await writer.FlushAsync();
        return id;
    }

    private static MetricPoint[] Points(IReadOnlyList<double> values) =>
        [.. values.Select((value, i) => new MetricPoint(i + 1, 1_767_225_600_000 + i, value))];
}
