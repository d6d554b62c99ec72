using System.Data.Common;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// Makes artifacts of the logs of attempts that have ended. What cannot be kept now is read from where it lies, and kept at the next start.
/// </summary>
internal sealed class KeptLogs(RunLogs logs, ILogger<KeptLogs> logger)
{
    public async Task KeepAsync(RunId run, int attempt, CancellationToken cancellation = default)
    {
        try
        {
            await logs.KeepAsync(run, attempt, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DbException or DbUpdateException)
        {
            logger.LogWarning(e, "The log of run {Run}, attempt {Attempt} stays where it was written; the next start keeps it", run, attempt);
        }
    }

    /// <summary>For the start of the hub, before any attempt begins: what attempts of a hub that ended left behind.</summary>
    public async Task KeepLeftoversAsync(CancellationToken cancellation)
    {
        foreach (var (run, attempt) in logs.Unkept())
            await KeepAsync(run, attempt, cancellation);
    }
}
