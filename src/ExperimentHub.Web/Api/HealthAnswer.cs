using System.Net.Mime;
using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ExperimentHub.Web.Api;

/// <summary>
/// What <c>/healthz</c> and <c>/readyz</c> answer, as plain text: the first line is Healthy, Degraded or Unhealthy (the last with status 503), and
/// one line follows for each reason.
/// </summary>
internal static class HealthAnswer
{
    public static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var text = new StringBuilder(report.Status.ToString());
        foreach (var (_, check) in report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy))
            text.Append('\n').Append(check.Description);
        context.Response.ContentType = MediaTypeNames.Text.Plain;
        return context.Response.WriteAsync(text.ToString());
    }
}
