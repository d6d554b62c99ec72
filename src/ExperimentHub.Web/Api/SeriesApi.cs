using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Api;

/// <summary>The metrics of a run over its steps: few points for charts, all of them for files.</summary>
internal static class SeriesApi
{
    private const int DefaultBuckets = 1_000;
    private const int TimesShown = 500;

    public static void MapSeries(this RouteGroupBuilder api)
    {
        api.MapGet("/runs/{id}/series", ReadAsync).WithName("ReadSeries").WithSummary("Read a run's metrics over its steps")
            .WithDescription("metrics: names with commas between them, all where left out. from, to: steps, both included. buckets: at most this many entries for each metric; "
                + "where there are more points, an entry stands for stepsPerBucket steps with their last, least and greatest value. format=csv: every point, in a file. NaN and infinities are words.")
            .Produces<SeriesResource>().ProducesProblem(StatusCodes.Status404NotFound).ProducesValidationProblem();
    }

    private static async Task<IResult> ReadAsync(
        string id, RunHistory history, MetricReader reader, LiveSeries series, HttpContext http, CancellationToken cancellation,
        string? metrics = null, string? from = null, string? to = null, string? buckets = null, string? format = null)
    {
        var problems = new List<SpecProblem>();
        var first = Number("from", from, 0, long.MaxValue);
        var last = Number("to", to, 0, long.MaxValue);
        var most = Number("buckets", buckets, 1, MetricReader.MaxBuckets) ?? DefaultBuckets;
        if (format is not (null or "json" or "csv"))
            problems.Add(new SpecProblem("format", "Use json or csv."));
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);
        if (!RunId.TryParse(id, out var runId) || await history.FindAsync(runId, cancellation) is not { Run: var run })
            return ApiProblems.NoSuchRun(id);

        var summaries = await reader.SummariesAsync(run.Number, cancellation);
        string[] wanted = metrics is null ? [.. summaries.Select(summary => summary.Name)]
            : [.. metrics.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct()];
        if (format == "csv")
        {
            http.Response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = $"{run.Id}-metrics.csv" }.ToString();
            return Results.Stream(body => WriteCsvAsync(body, run.Number, wanted, first ?? 0, last ?? long.MaxValue, series, cancellation), "text/csv; charset=utf-8");
        }

        http.Response.Headers.CacheControl = "private, no-cache";
        if (!run.Status.IsActive())
        {
            // What has ended stays as it is, so a browser that has it need not be sent it again.
            var state = string.Join(';', summaries.Select(summary => $"{summary.Name}:{summary.Count}:{summary.LastStep}"));
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{run.Id}?{http.Request.QueryString}#{state}")))[..32]}\"");
            http.Response.Headers.ETag = tag.ToString();
            if (http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false)))
                return Results.StatusCode(StatusCodes.Status304NotModified);
        }

        var times = await reader.TimesAsync(run.Number, MetricNames.TrainLoss, TimesShown, cancellation);
        return Results.Ok(new SeriesResource(run.StepsPerEpoch,
            [.. (await series.DrawAsync(run.Number, wanted, first, last, (int)most, cancellation)).Select(MetricSeriesResource.Of)],
            new StepTimes([.. times.Select(pair => pair.Step)], [.. times.Select(pair => pair.Time)])));

        long? Number(string field, string? text, long min, long max)
        {
            if (text is null)
                return null;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
                return number;
            problems.Add(new SpecProblem(field, max == long.MaxValue ? "Use a step: a whole number, 0 or more." : $"Use a whole number from {min} to {max:N0}."));
            return null;
        }
    }

    private static async Task WriteCsvAsync(Stream body, long run, string[] metrics, long from, long to, LiveSeries series, CancellationToken cancellation)
    {
        await using var file = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        await file.WriteLineAsync("step,time,metric,value".AsMemory(), cancellation);
        foreach (var metric in metrics)
        {
            foreach (var point in await series.AfterAsync(run, metric, from - 1, cancellation))
            {
                if (point.Step > to)
                    break;
                var time = DateTimeOffset.FromUnixTimeMilliseconds(point.Time).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
                await file.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{point.Step},{time},{CsvText.Of(metric)},{point.Value:R}").AsMemory(), cancellation);
            }
        }
    }
}

/// <summary>The metrics of a run over its steps, which count over all epochs.</summary>
/// <param name="Times">When which step was; between two of them time is as good as even.</param>
internal sealed record SeriesResource(int? StepsPerEpoch, IReadOnlyList<MetricSeriesResource> Series, StepTimes Times);

/// <param name="Unix">Milliseconds since 1970, one for each step.</param>
internal sealed record StepTimes(IReadOnlyList<long> Steps, IReadOnlyList<long> Unix);

/// <param name="StepsPerBucket">0 where every entry is a point; then <paramref name="Min"/> and <paramref name="Max"/> are left out.</param>
/// <param name="Steps">The last step of each entry.</param>
/// <param name="Values">The value at that step.</param>
/// <param name="Min">The least finite value of each entry.</param>
/// <param name="Max">The greatest finite value of each entry.</param>
internal sealed record MetricSeriesResource(
    string Metric, long StepsPerBucket, IReadOnlyList<long> Steps, IReadOnlyList<double> Values,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<double>? Min,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<double>? Max)
{
    public static MetricSeriesResource Of(LiveSeries.Drawing drawing) => drawing.StepsPerBucket == 0
        ? new MetricSeriesResource(drawing.Metric, 0, drawing.Steps, drawing.Values, null, null)
        : new MetricSeriesResource(drawing.Metric, drawing.StepsPerBucket, drawing.Steps, drawing.Values, drawing.Min, drawing.Max);
}
