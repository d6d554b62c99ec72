using System.Globalization;
using System.Net.Mime;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Api;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Compare.Report;

/// <summary>The compare page as one HTML file that needs nothing else.</summary>
internal static class CompareReportApi
{
    public static void MapCompareReport(this RouteGroupBuilder api) =>
        api.MapGet("/compare/report", WriteAsync).WithName("WriteComparison").WithSummary("Write a comparison as one HTML file")
        .WithDescription(
            "Takes the query string of the compare page: runs, baseline, hideEqual, axis, metrics, zoom, smoothing, log, whole, bands, seeds, "
                + "diverged, colour, measure, x, y, keep, target, left, right. The file has tables and drawings and needs neither scripts nor "
                + "other files.")
        .Produces(StatusCodes.Status200OK, contentType: MediaTypeNames.Text.Html).ProducesValidationProblem();

    private static async Task<IResult> WriteAsync(
        HttpContext http, RunHistory history, MetricReader metrics, LiveSeries series, DatasetLibrary datasets, MistakePairs mistakes,
        IWebHostEnvironment host, TimeProvider time, CancellationToken cancellation)
    {
        var address = CompareAddress.Of(http.Request.QueryString.ToString());
        if (address.Runs.Count is 0 or > CompareAddress.MaxRuns
            || await ComparedRuns.ReadAsync(address.Runs, address.Diverged, address.At, history, metrics, cancellation) is not { } compared)
            return ApiProblems.Invalid("runs", $"Name 1 to {CompareAddress.MaxRuns} runs that exist, with commas between their ids.");
        if (!ReportCurves.Fits(compared.Runs.Count, address.Metrics.Count))
        {
            return ApiProblems.Invalid("metrics",
                $"A report has at most {Limits.ReportEntries / ReportCurves.Buckets:N0} curves, and {address.Metrics.Count:N0} metrics of {compared.Runs.Count:N0} runs are more. Name fewer.");
        }

        var comparison = new Comparison(compared.Runs, address.Baseline, datasets.Find, address.Target, address.At, compared.Summaries);
        var tints = RunTints.Of(compared.Runs, compared.Find(address.Colour));
        var measure = compared.Measure(address);
        var relations = compared.HasRelations ? new RunRelations(compared, address) : null;
        var now = time.GetUtcNow().UtcDateTime;
        http.Response.Headers.ContentDisposition =
            new ContentDispositionHeaderValue("attachment")
            {
                FileName =
                string.Create(CultureInfo.InvariantCulture, $"comparison-{now:yyyyMMdd-HHmm}.html")
            }.ToString();
        return new RazorComponentResult<CompareReport>(new Dictionary<string, object?>
        {
            [nameof(CompareReport.Compared)] = compared,
            [nameof(CompareReport.Comparison)] = comparison,
            [nameof(CompareReport.Tints)] = tints,
            [nameof(CompareReport.Charts)] = await new ReportCurves(history, metrics, series, datasets).ReadAsync(compared, tints, address,
                relations?.Kept, cancellation),
            [nameof(CompareReport.Groups)] = compared.HasSeeds && measure is not null ? SeedGroupRow.Of(compared, measure, comparison.Baseline) : [],
            [nameof(CompareReport.Measure)] = measure,
            [nameof(CompareReport.Importance)] = compared.ImportanceFor(measure),
            [nameof(CompareReport.Relations)] = relations,
            [nameof(CompareReport.Mistakes)] = await mistakes.ReadAsync(comparison.Runs, comparison.Baseline, address, cancellation),
            [nameof(CompareReport.HideEqual)] = address.HideEqual,
            [nameof(CompareReport.Axis)] =
                $"{CompareAddress.Words(address.Axis)}{(address.Axis is CompareAxis.Training or CompareAxis.Time ? ", in seconds" : "")}",
            [nameof(CompareReport.Now)] = now,
            [nameof(CompareReport.Style)] = await ReportStyle.ReadAsync(host.WebRootFileProvider, cancellation),
        });
    }
}
