using System.Globalization;
using System.Net.Mime;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Api;

/// <summary>The metrics of several runs in one answer, for laying curves over each other.</summary>
internal static class ManySeriesApi
{
    public const int MaxRuns = Limits.RunsCompared;

    private const int DefaultBuckets = 300;
    private const int TimesShown = 200;

    public static void MapManySeries(this RouteGroupBuilder api)
    {
        api.MapGet("/series", ReadAsync).WithName("ReadManySeries").WithSummary("Read the metrics of several runs")
            .WithDescription(
                $"runs: ids with commas between them, at most {MaxRuns}; those that do not exist are left out of the answer. metrics: names with "
                    + "commas between them. from, to: steps, both included. "
                + "buckets: at most this many entries for each metric of each run. times: true says when steps were. format: json (the default) or "
                + "binary, "
                + $"(also chosen by Accept: {SeriesBinary.MediaType}), as for a single run, with the answer's runs in the header.")
            .Produces<ManySeriesResource>(StatusCodes.Status200OK, MediaTypeNames.Application.Json, SeriesBinary.MediaType)
            .ProducesValidationProblem();
    }

    private static async Task<IResult> ReadAsync(
        RunHistory history, MetricReader reader, LiveSeries series, HttpContext http, CancellationToken cancellation,
        string? runs = null, string? metrics = null, string? from = null, string? to = null, string? buckets = null, string? times = null,
        string? format = null)
    {
        if (Read(runs, metrics, from, to, buckets, times, format, out var asked) is { Count: > 0 } problems)
            return ApiProblems.Invalid(problems);
        var found = await history.PacesAsync(asked.Runs, cancellation);
        long[] numbers = [.. found.Select(run => run.Number)];
        var drawn = (await series.DrawAsync(numbers, asked.Metrics, asked.From, asked.To, asked.Buckets, cancellation)).ToLookup(drawing =>
            drawing.Run);
        var when = asked.Times ? await reader.TimesAsync(numbers, MetricNames.TrainLoss, TimesShown, cancellation) : null;
        var answer = new ManySeriesResource(
        [
            .. found.Select(run =>
            {
                var own = when?.GetValueOrDefault(run.Number) ?? [];
                return new RunSeriesResource(run.Id.ToString(), run.EpochSeconds, run.StepsPerEpoch,
                    [.. drawn[run.Number].Select(MetricSeriesResource.Of)],
                    new StepTimes([.. own.Select(pair => pair.Step)], [.. own.Select(pair => pair.Time)]));
            }),
        ]);
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        return SeriesBinary.IsAskedFor(http.Request, format) ? Results.Bytes(SeriesBinary.Write(answer), SeriesBinary.MediaType) : Results.Ok(answer);
    }

    private static List<SpecProblem> Read(string? runs, string? metrics, string? from, string? to, string? buckets, string? times, string? format,
        out Asked asked)
    {
        var problems = new List<SpecProblem>();
        var (ids, names) = (RunsOf(runs, problems), MetricsOf(metrics, problems));
        var most = DefaultBuckets;
        if (buckets is not null && (!int.TryParse(buckets, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is < 1
            or > MetricReader.MaxBuckets))
            problems.Add(new SpecProblem("buckets", $"Use a whole number from 1 to {MetricReader.MaxBuckets:N0}."));
        else if ((long)ids.Count * names.Count * most > Limits.CurveEntries)
            problems.Add(new SpecProblem("buckets", $"Runs times metrics times buckets may be {Limits.CurveEntries:N0} at most. Ask for fewer."));
        var (first, last) = (StepOf("from", from), StepOf("to", to));
        if (times is not (null or "true" or "false"))
            problems.Add(new SpecProblem("times", "Use true or false."));
        if (format is not (null or "json" or "binary"))
            problems.Add(new SpecProblem("format", "Use json or binary."));
        asked = new Asked(ids, names, first, last, most, times == "true");
        return problems;

        long? StepOf(string field, string? text)
        {
            if (text is null)
                return null;
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var step))
                problems.Add(new SpecProblem(field, "Use a step: a whole number, 0 or more."));
            return step;
        }
    }

    /// <summary>The runs that an address names; problems are added where it names none, too many, or what is no run.</summary>
    internal static IReadOnlyList<RunId> RunsOf(string? runs, List<SpecProblem> problems)
    {
        var (ids, before) = (new List<RunId>(), problems.Count);
        foreach (var text in Parts(runs))
        {
            if (RunId.TryParse(text, out var id))
                ids.Add(id);
            else
                problems.Add(new SpecProblem("runs", $"'{text}' is not the id of a run: those have 32 lower-case hex digits."));
        }

        if (problems.Count == before && ids.Count is 0 or > MaxRuns)
            problems.Add(new SpecProblem("runs", $"Name 1 to {MaxRuns} runs, with commas between them."));
        return ids;
    }

    /// <summary>The metrics that an address names, each once; a problem is added where it names none, or what is no name.</summary>
    internal static IReadOnlyList<string> MetricsOf(string? metrics, List<SpecProblem> problems)
    {
        string[] names = [.. Parts(metrics).Distinct()];
        if (names.Length == 0 || names.Any(name => name.Length > MetricNames.MaxLength))
            problems.Add(
                new SpecProblem("metrics", $"Name metrics with commas between them; a name has at most {MetricNames.MaxLength} characters."));
        return names;
    }

    private static string[] Parts(string? text) => (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private sealed record Asked(IReadOnlyList<RunId> Runs, IReadOnlyList<string> Metrics, long? From, long? To, int Buckets, bool Times);
}

/// <summary>The metrics of several runs, in the order asked for.</summary>
internal sealed record ManySeriesResource(IReadOnlyList<RunSeriesResource> Runs);

/// <summary>The metrics of one of several runs.</summary>
/// <param name="EpochSeconds">Wall time of the training part of each finished epoch.</param>
/// <param name="Times">When which step was; empty where it was not asked for.</param>
internal sealed record RunSeriesResource(string Run, IReadOnlyList<double> EpochSeconds, int? StepsPerEpoch,
    IReadOnlyList<MetricSeriesResource> Series, StepTimes Times);
