using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Search;

/// <summary>Runs with awkward values, in a database and in memory alike.</summary>
internal static class RandomRuns
{
    public static readonly string[] Words = ["adam", "Adam", "sgd", "a_b", "100%", "it's", "x\\y", "[a]", "*", "?", "", "übung", "ÜBUNG", "Größe_ς",
        "ПРИВЕТ", "привет", "😀x", "\ufffdy", "7", "zz"];
    public static readonly double[] Numbers =
        [0, -1, 0.5, 0.1, 1e-7, 1e300, -2.25, 7, 3, 3.0000000001, double.PositiveInfinity, double.NegativeInfinity];
    public static readonly string[] Metrics = ["train_loss", "test_accuracy", "odd name.x", "never"];

    /// <summary>No name says what the runs say of it.</summary>
    public static readonly IReadOnlyDictionary<string, MetricDirection> Directions = new Dictionary<string, MetricDirection>
    {
        ["train_loss"] = MetricDirection.LowerIsBetter, ["test_accuracy"] = MetricDirection.HigherIsBetter,
        ["odd name.x"] = MetricDirection.LowerIsBetter,
    };

    public static readonly string[] Params = ["alpha", "beta.kind", "gamma", "never"];
    public static readonly string[] Tags = ["night", "owner", "never"];
    public static readonly string[] Statuses = ["Queued", "Finished", "Stopped", "Failed"];
    public static readonly DateTime Start = new(2026, 11, 20, 0, 0, 0, DateTimeKind.Utc);

    public static string MetricColumn(string metric, string figure = "last") => $"{figure}(metrics.`{metric}`)";

    public static async Task<List<PlainRun>> MakeAsync(EmptyHub hub, Random random, int count)
    {
        for (var i = 0; i < count; i++)
            await hub.EnqueueAsync(new TrainingSpec { Seed = i }, random.Next(3) switch { 0 => "One", 1 => "two", _ => "Three" });
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await db.RunParams.ExecuteDeleteAsync();
        await db.ParamNames.ExecuteDeleteAsync();
        var names = Params[..^1].Select(name => new ParamName { Name = name }).ToList();
        db.AddRange(names);
        await db.SaveChangesAsync();
        var runs = new List<PlainRun>();
        foreach (var run in await db.Runs.AsNoTracking().Include(r => r.Experiment).OrderBy(r => r.Number).ToListAsync())
        {
            var plain = new PlainRun { Number = run.Number, Values = { ["experiment"] = run.Experiment.Name } };
            await SetAttributesAsync(db, random, plain);
            SetParams(db, random, plain, names);
            SetMetrics(db, random, plain);
            foreach (var tag in Tags[..^1].Where(_ => random.Next(2) == 0))
            {
                plain.Values[$"tags.{tag}"] = Words[random.Next(Words.Length)];
                db.Add(new RunTag { RunNumber = run.Number, Name = tag, Value = plain.TextOf($"tags.{tag}")! });
            }

            runs.Add(plain);
        }

        await db.SaveChangesAsync();
        return runs;
    }

    private static async Task SetAttributesAsync(TrackingDb db, Random random, PlainRun run)
    {
        var name = Words[random.Next(Words.Length)];
        var status = Statuses[random.Next(Statuses.Length)];
        var created = Start.AddMinutes(random.Next(10 * 24 * 60));
        DateTime? ended = random.Next(3) == 0 ? null : created.AddSeconds(random.Next(1000) / 10.0);
        var seconds = random.Next(4) == 0 ? 0 : random.Next(1, 400) / 4.0;
        var notes = random.Next(3) == 0 ? "" : Words[random.Next(Words.Length)];
        int? best = random.Next(3) == 0 ? null : random.Next(5);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE "Runs" SET "Name" = {name}, "Status" = {status}, "CreatedAt" = {created}, "EndedAt" = {ended}, "Notes" = {notes} WHERE "Number" = {run.Number}
            """);
        // Some are no training of ours.
        var isTraining = random.Next(4) > 0;
        if (isTraining)
            await db.Database.ExecuteSqlAsync(
                $"""UPDATE "Trainings" SET "TrainSeconds" = {seconds}, "BestEpoch" = {best} WHERE "RunNumber" = {run.Number}""");
        else
            await db.Database.ExecuteSqlAsync($"""DELETE FROM "Trainings" WHERE "RunNumber" = {run.Number}""");
        Set(run, "name", name);
        Set(run, "status", status);
        Set(run, "created", created);
        Set(run, "end_time", ended);
        Set(run, "duration", seconds == 0 || !isTraining ? null : seconds);
        Set(run, "notes", notes.Length == 0 ? null : notes);
        Set(run, "best_epoch", isTraining ? (double?)best : null);
    }

    private static void SetParams(TrackingDb db, Random random, PlainRun run, List<ParamName> names)
    {
        foreach (var name in names.Where(_ => random.Next(5) > 0))
        {
            // alpha is always a number, beta.kind always a text, gamma either.
            var isNumber = name.Name == "alpha" || (name.Name == "gamma" && random.Next(2) == 0);
            double? number = isNumber ? Numbers[random.Next(Numbers.Length - 2)] : null;
            var text = number is { } known ? known.ToString("R", CultureInfo.InvariantCulture) : Words[random.Next(Words.Length)];
            db.Add(new RunParam { ParamId = name.Id, RunNumber = run.Number, Number = number, Text = text });
            Set(run, $"params.{name.Name}", number is { } value ? value : text);
            if (number is not null)
                run.Texts[$"params.{name.Name}"] = text;
        }
    }

    private static void SetMetrics(TrackingDb db, Random random, PlainRun run)
    {
        foreach (var metric in Metrics[..^1].Where(_ => random.Next(5) > 0))
        {
            double? Number() => random.Next(6) == 0 ? null : Numbers[random.Next(Numbers.Length)];
            var series = new MetricSeries
            {
                RunNumber = run.Number, Name = metric, Last = Number(), Min = Number(), Max = Number(), AtBest = Number(),
                Meaning = new(Directions[metric])
            };
            SeriesSummary.TakeBest(series);
            db.Add(series);
            Set(run, MetricColumn(metric), series.Last);
            Set(run, MetricColumn(metric, "min"), series.Min);
            Set(run, MetricColumn(metric, "max"), series.Max);
            Set(run, MetricColumn(metric, "at_best"), series.AtBest);
            Set(run, MetricColumn(metric, "best"), series.Best);
        }
    }

    private static void Set(PlainRun run, string column, object? value)
    {
        if (value is not null)
            run.Values[column] = value;
    }
}
