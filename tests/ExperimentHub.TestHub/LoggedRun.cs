using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.TestHub;

/// <summary>Makes runs as they are that some other program did: with parameters and metrics of its own, and without a training.</summary>
public static class LoggedRun
{
    /// <summary>Two metrics that no training of ours has, three points each: profit rises to 30, loss_of_sleep falls to 0.5.</summary>
    public static Task<RunId> MakeAsync(EmptyHub hub, string name = "logged", RunStatus status = RunStatus.Finished, string experiment = "elsewhere", double profit = 30) =>
        MakeAsync(hub.Services, name, status, experiment, profit);

    /// <inheritdoc cref="MakeAsync(EmptyHub, string, RunStatus, string, double)"/>
    public static async Task<RunId> MakeAsync(
        IServiceProvider hub, string name = "logged", RunStatus status = RunStatus.Finished, string experiment = "elsewhere", double profit = 30)
    {
        var now = DateTime.UtcNow;
        long number;
        var id = RunId.New(TimeProvider.System);
        await using (var db = await hub.GetRequiredService<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
        {
            var home = await db.Experiments.Where(e => e.Name == experiment).Select(e => (int?)e.Id).FirstOrDefaultAsync()
                ?? (await hub.GetRequiredService<ExperimentStore>().CreateAsync(new ExperimentDraft(experiment, "", new TrainingSpec()))).Id!.Value;
            var run = new Run { Id = id, Name = name, ExperimentId = home, AppVersion = "elsewhere", CreatedAt = now, Trigger = RunTrigger.Api };
            run.TakeOver(status, status == RunStatus.Queued ? null : now, status.IsActive() || status == RunStatus.Paused ? null : now, null);
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
        }

        var writer = hub.GetRequiredService<MetricWriter>();
        await writer.AppendAsync(number, "profit", Points(profit - 20, profit - 10, profit));
        await writer.AppendAsync(number, "loss_of_sleep", Points(3, 1, 0.5));
        await writer.FlushAsync();
        return id;
    }

    private static MetricPoint[] Points(params double[] values) => [.. values.Select((value, i) => new MetricPoint(i + 1, 1_767_225_600_000 + i, value))];
}
