using System.Globalization;
using System.Net.Mime;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Api;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Compare;

/// <summary>The compare page as one HTML file that needs nothing else.</summary>
internal static class CompareReportApi
{
    private const string OfReports = """
        .report main { max-width: 1200px; margin: 0 auto; padding: 32px 20px; }
        .report h2 { margin: 28px 0 8px; font-size: 16px; }
        .report figure { margin: 0; }
        .report figure > svg { width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); }
        .report svg text { fill: var(--quiet); font-size: 11px; }
        .report svg .grid { stroke: var(--line); }
        .report .card { margin-top: 16px; }
        .report small { margin-left: 8px; color: var(--quiet); }
        .report tbody th[scope="row"] { font-weight: 400; color: var(--text); }
        .report .best { color: var(--good); font-weight: 600; }
        .report .legend { display: flex; margin-top: 24px; flex-wrap: wrap; gap: 2px 14px; padding: 0; list-style: none; font-size: 12px; }
        """;

    public static void MapCompareReport(this RouteGroupBuilder api) => api.MapGet("/compare/report", WriteAsync).WithName("WriteComparison").WithSummary("Write a comparison as one HTML file")
        .WithDescription("Takes the query string of the compare page: runs, baseline, hideEqual, axis, metrics, smoothing, log, colour, measure, target. The file has tables and drawings and needs neither scripts nor other files.")
        .Produces(StatusCodes.Status200OK, contentType: MediaTypeNames.Text.Html).ProducesValidationProblem();

    private static async Task<IResult> WriteAsync(
        HttpContext http, RunHistory history, MetricReader metrics, LiveSeries series, DatasetLibrary datasets, IWebHostEnvironment host, TimeProvider time, CancellationToken cancellation)
    {
        var address = CompareAddress.Of(http.Request.QueryString.ToString());
        if (address.Runs.Count is 0 or > CompareAddress.MaxRuns || await ComparedRuns.ReadAsync(address.Runs, history, metrics, cancellation) is not { } compared)
            return ApiProblems.Invalid("runs", $"Name 1 to {CompareAddress.MaxRuns} runs that exist, with commas between their ids.");
        var comparison = new Comparison(compared.Runs, address.Baseline, datasets.Find, address.Target);
        var tints = RunTints.Of(compared.Runs, compared.Find(address.Colour));
        var measure = compared.Measure(address);
        var now = time.GetUtcNow().UtcDateTime;
        http.Response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = string.Create(CultureInfo.InvariantCulture, $"comparison-{now:yyyyMMdd-HHmm}.html") }.ToString();
        return new RazorComponentResult<CompareReport>(new Dictionary<string, object?>
        {
            [nameof(CompareReport.Compared)] = compared,
            [nameof(CompareReport.Comparison)] = comparison,
            [nameof(CompareReport.Tints)] = tints,
            [nameof(CompareReport.Charts)] = await new ReportCurves(history, metrics, series, datasets).ReadAsync(compared, tints, address, cancellation),
            [nameof(CompareReport.Groups)] = compared.HasSeeds && measure is not null ? SeedGroupRow.Of(compared, measure, comparison.Baseline) : [],
            [nameof(CompareReport.Measure)] = measure,
            [nameof(CompareReport.Importance)] = compared.ImportanceFor(measure),
            [nameof(CompareReport.HideEqual)] = address.HideEqual,
            [nameof(CompareReport.Axis)] = CompareAddress.Words(address.Axis),
            [nameof(CompareReport.Now)] = now,
            [nameof(CompareReport.Style)] = await StyleAsync(host, cancellation) + OfReports,
        });
    }

    private static async Task<string> StyleAsync(IWebHostEnvironment host, CancellationToken cancellation)
    {
        await using var file = host.WebRootFileProvider.GetFileInfo("app.css").CreateReadStream();
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync(cancellation);
    }
}
