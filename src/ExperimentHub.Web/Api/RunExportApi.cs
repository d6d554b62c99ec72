using System.Globalization;
using System.Text;
using System.Text.Json;
using ExperimentHub.Tracking.Search;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Api;

/// <summary>Runs as a file: exactly the columns, runs and order asked for, written while they are read.</summary>
internal static class RunExportApi
{
    public static void MapRunExport(this RouteGroupBuilder api) =>
        api.MapGet("/runs/export", ExportAsync).WithName("ExportRuns").WithSummary("Export runs")
        .WithDescription(
            "columns: what is wanted, in this order. metrics.x is its last value; last(metrics.x) says so in the heading as well, "
                + "at_best(metrics.x) is the value at the run's best epoch. format: csv or json. The rest as in the list of runs. In CSV a text "
                + "that a spreadsheet would take for a formula begins with an apostrophe.")
        .Produces(StatusCodes.Status200OK, contentType: "text/csv").ProducesValidationProblem();

    private static async Task<IResult> ExportAsync(
        [AsParameters] RunQueryParameters parameters, RunExport export, HttpContext http, CancellationToken cancellation, string? columns = null,
        string? format = null)
    {
        var (query, problems) = parameters.Read();
        if (format is not (null or "csv" or "json"))
            problems.Add(new("format", "Use csv or json."));
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);
        var result = await export.ReadAsync(query, columns ?? "", cancellation);
        if (result.Answer is not { } runs)
            return ApiProblems.Invalid(result.Problems);
        var json = format == "json";
        http.Response.Headers.ContentDisposition =
            new ContentDispositionHeaderValue("attachment") { FileName = json ? "runs.json" : "runs.csv" }.ToString();
        return Results.Stream(body => json ? WriteJsonAsync(body, runs, cancellation) : WriteCsvAsync(body, runs, cancellation),
            json ? "application/json" : "text/csv; charset=utf-8");
    }

    private static async Task WriteCsvAsync(Stream body, ExportedRuns runs, CancellationToken cancellation)
    {
        await using var file = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        await file.WriteLineAsync(string.Join(',', runs.Titles.Select(CsvText.Of)).AsMemory(), cancellation);
        await foreach (var row in runs.Rows.WithCancellation(cancellation))
            await file.WriteLineAsync(string.Join(',', row.Select(Csv)).AsMemory(), cancellation);
    }

    private static string Csv(object? value) => value switch
    {
        null => "",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        DateTime time => Time(time),
        _ => CsvText.Of(value.ToString()!),
    };

    private static async Task WriteJsonAsync(Stream body, ExportedRuns runs, CancellationToken cancellation)
    {
        await using var json = new Utf8JsonWriter(body);
        json.WriteStartArray();
        string[] names = [.. runs.Titles];
        await foreach (var row in runs.Rows.WithCancellation(cancellation))
        {
            json.WriteStartObject();
            for (var i = 0; i < names.Length; i++)
                Write(json, names[i], row[i]);
            json.WriteEndObject();
            if (json.BytesPending > 1 << 14)
                await json.FlushAsync(cancellation);
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNull(name);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(name, number);
                break;
            case double number:
                json.WriteString(name, number.ToString("R", CultureInfo.InvariantCulture));
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case DateTime time:
                json.WriteString(name, Time(time));
                break;
            default:
                json.WriteString(name, value.ToString());
                break;
        }
    }

    private static string Time(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
