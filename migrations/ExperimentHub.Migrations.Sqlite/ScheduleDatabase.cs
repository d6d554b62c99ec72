using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>
/// <c>quartz.db</c>: when which schedule fires next. All of it follows from the schedules and the queue in <c>hub.db</c>, so one that cannot be used is kept aside and made
/// again. What is lost is the memory of a night that was missed while the hub was off.
/// </summary>
internal sealed class ScheduleDatabase(DataFolder folder, ILogger logger)
{
    public async Task OpenAsync(CancellationToken cancellation)
    {
        var path = folder.QuartzDatabase;
        if (OwnFile.KindOf(path) != FileKind.Nothing && await ProblemAsync(path, cancellation) is { } problem)
            SetAside(problem);
        if (OwnFile.KindOf(path) == FileKind.Nothing)
            DatabaseFile.Create(path);
    }

    public void SetAside(string problem)
    {
        var aside = $"{folder.QuartzDatabase}.damaged-{DatabaseWords.Stamp()}";
        DatabaseFile.Move(folder.QuartzDatabase, aside);
        logger.LogWarning(
            "{Database} cannot be used ({Problem}). It is kept as {Aside}; the next times are computed anew from the schedules", folder.QuartzDatabase, problem.TrimEnd('.'), aside);
    }

    /// <returns>Why it cannot be used; null where it can.</returns>
    private static async Task<string?> ProblemAsync(string path, CancellationToken cancellation)
    {
        try
        {
            switch (DatabaseFile.Look(path))
            {
                case FileState.Empty:
                    return null;
                case FileState.SomethingElse:
                    return "it is not a SQLite database";
            }

            await using var connection = await DatabaseFile.OpenAsync(path, cancellation);
            return await connection.ScalarAsync("PRAGMA quick_check(1)", cancellation) is string and not "ok" and var damage ? damage : null;
        }
        catch (Exception e) when (e is NotAFileException or SqliteException { SqliteErrorCode: 11 or 26 })
        {
            return e.Message;
        }
    }
}
