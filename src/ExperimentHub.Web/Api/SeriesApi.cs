using System.Globalization;
using System.Net.Mime;
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
            .WithDescription(
                "metrics: names with commas between them, all where left out. from, to: steps, both included. buckets: at most this many entries "
                    + "for each metric; "
                + "where there are more points, an entry stands for stepsPerBucket steps with their last, least and greatest value. format: json "
                + "(the default; NaN and infinities are words), "
                + $"binary (also chosen by Accept: {SeriesBinary.MediaType}), or csv (every point, in a file). "
                + "Binary is: 'EHS1'; 4 bytes, the length of the header; the header, which is the JSON answer with [type, offset, count] instead of "
                + "each list of numbers; the columns, counted from "
                + "the end of the header. A type is i4, f4 or f8: integers of 4 bytes, floats of 4 or 8. Everything is little-endian, and each "
                + "column begins at a multiple of 8 bytes of the answer.")
            .Produces<SeriesResource>(StatusCodes.Status200OK, MediaTypeNames.Application.Json, SeriesBinary.MediaType, MediaTypeNames.Text.Csv)
            .Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesValidationProblem();
    }

    private static async Task<IResult> ReadAsync(
        string id, RunHistory history, MetricReader reader, LiveSeries series, HttpContext http, CancellationToken cancellation,
        string? metrics = null, string? from = null, string? to = null, string? buckets = null, string? format = null)
    {
        var problems = new List<SpecProblem>();
        var first = Number("from", from, 0, long.MaxValue);
        var last = Number("to", to, 0, long.MaxValue);
        var most = Number("buckets", buckets, 1, MetricReader.MaxBuckets) ?? DefaultBuckets;
        if (format is not (null or "json" or "binary" or "csv"))
            problems.Add(new SpecProblem("format", "Use json, binary or csv."));
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);
        if (!RunId.TryParse(id, out var runId) || await history.StateAsync(runId, cancellation) is not { } run)
            return ApiProblems.NoSuchRun(id);

        string[] wanted = metrics is null ? [.. (await reader.SummariesAsync(run.Number, cancellation)).Select(summary => summary.Name)]
            : [.. metrics.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct()];
        if (wanted.Any(name => name.Length > MetricNames.MaxLength))
            return ApiProblems.Invalid("metrics", $"A metric's name has at most {MetricNames.MaxLength} characters.");
        if (wanted.Length > Limits.MetricsOfARun)
            return ApiProblems.Invalid("metrics", $"At most {Limits.MetricsOfARun:N0} metrics are read at once. Name fewer.");
        if (format == "csv")
        {
            http.Response.Headers.ContentDisposition =
                new ContentDispositionHeaderValue("attachment") { FileName = $"{runId}-metrics.csv" }.ToString();
            return Results.Stream(body => WriteCsvAsync(body, run.Number, wanted, first ?? 0, last ?? long.MaxValue, series, cancellation),
                "text/csv; charset=utf-8");
        }

        if ((long)wanted.Length * most > Limits.CurveEntries)
            return ApiProblems.Invalid("buckets", $"Metrics times buckets may be {Limits.CurveEntries:N0} at most. Ask for fewer.");
        var binary = SeriesBinary.IsAskedFor(http.Request, format);
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        // Before the points are read, and first what waits, because it moves to the database: what comes in between makes the answer newer than its
        // tag, and is sent once more.
        List<MetricPoint?> waiting = [.. wanted.Select(metric => series.LastWaiting(run.Number, metric))];
        var tag = TagOf(run, await reader.SummariesAsync(run.Number, cancellation), waiting, http.Request.QueryString, binary);
        http.Response.Headers.ETag = tag.ToString();
        if (http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any)
            || known.Compare(tag, useStrongComparison: false)))
            return Results.StatusCode(StatusCodes.Status304NotModified);

        var times = await reader.TimesAsync(run.Number, MetricNames.TrainLoss, TimesShown, cancellation);
        var answer = new SeriesResource(run.StepsPerEpoch,
            [.. (await series.DrawAsync([run.Number], wanted, first, last, (int)most, cancellation)).Select(MetricSeriesResource.Of)],
            new StepTimes([.. times.Select(pair => pair.Step)], [.. times.Select(pair => pair.Time)]));
        return binary ? Results.Bytes(SeriesBinary.Write(answer), SeriesBinary.MediaType) : Results.Ok(answer);

        long? Number(string field, string? text, long min, long max)
        {
            if (text is null)
                return null;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
                return number;
            problems.Add(new SpecProblem(field, max == long.MaxValue
                ? "Use a step: a whole number, 0 or more." : $"Use a whole number from {min} to {max:N0}."));
            return null;
        }
    }

    /// <summary>
    /// Changes with every point that is written or waits. A run that went back to a checkpoint and came to the same step again has other times. Weak,
    /// because the same points may be drawn before and after they were written, and are sent compressed and not.
    /// </summary>
    private static EntityTagHeaderValue TagOf(RunState run, IReadOnlyList<MetricSeries> summaries, IEnumerable<MetricPoint?> waiting,
        QueryString query, bool binary)
    {
        var written = summaries.Select(summary => $"{summary.Name}:{summary.Count}:{summary.LastStep}:{summary.LastTime}");
        var state = string.Join(';', [$"{run.Number}", $"{run.StepsPerEpoch}", $"{query}", $"{binary}", .. written,
            .. waiting.Select(point => $"{point?.Step}:{point?.Time}")]);
        return new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state)))[..32]}\"", isWeak: true);
    }

    private static async Task WriteCsvAsync(Stream body, long run, string[] metrics, long from, long to, LiveSeries series,
        CancellationToken cancellation)
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
                await file.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{point.Step},{time},{CsvText.Of(metric)},{point.Value:R}")
                    .AsMemory(), cancellation);
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
