using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>What an export would write.</summary>
/// <param name="Runs">That have ended, the archived ones included.</param>
/// <param name="LeftOut">That may still go on here: queued, running, paused or interrupted.</param>
/// <param name="Bytes">About; checkpoints and points.</param>
/// <param name="Problem">Why it cannot be written; null where it can.</param>
public sealed record ExportPlan(Experiment Experiment, int Runs, int LeftOut, long Bytes, string? Problem);

/// <summary>
/// Writes an experiment with everything that is known of its ended runs as one zip, while it is read. A run that may still go on is left out: it
/// would go on in two hubs, as two runs with one id. Deleted runs are not there any more, archived ones are. Schedules belong to this hub.
/// </summary>
public sealed class ExperimentExport(IDbContextFactory<TrackingDb> databases, CheckpointFiles checkpoints, MetricWriter metrics, RunLogs logs,
    AppVersion version, TimeProvider time)
{
    private const int BytesPerPoint = 6;

    /// <summary>Facts, series and evaluations.</summary>
    private const int EntriesOfARun = 3;

    /// <returns>null where there is no such experiment.</returns>
    public async Task<ExportPlan?> PlanAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Experiments.AsNoTracking().FirstOrDefaultAsync(e => e.Id == id, cancellation) is not { } experiment)
            return null;
        var ended = Ended(db, id);
        var runs = await ended.CountAsync(cancellation);
        var all = await db.Runs.CountAsync(run => run.ExperimentId == id, cancellation);
        var weights = await ended.SelectMany(run => run.Checkpoints).GroupBy(_ => 1)
            .Select(group => new { Files = group.Count() * 2, Bytes = group.Sum(c => c.Weights.Size + (c.State == null ? 0 : c.State.Size)) })
            .FirstOrDefaultAsync(cancellation);
        var points = await db.MetricSeries.Where(series => ended.Any(run => run.Number == series.RunNumber))
            .SumAsync(series => series.Count, cancellation);
        var entries = (long)runs * EntriesOfARun + (weights?.Files ?? 0) + await ended.SelectMany(run => run.Training!.Attempts)
            .CountAsync(cancellation);
        return new ExportPlan(experiment, runs, all - runs, (weights?.Bytes ?? 0) + points * BytesPerPoint,
            entries <= ExperimentFileFormat.MaxEntries ? null
                : $"It would have about {entries:N0} entries, and a file may have {ExperimentFileFormat.MaxEntries:N0}. Keep fewer checkpoints: "
                    + "each run's page has a policy for them.");
    }

    /// <param name="id">Of an experiment that has a plan.</param>
    /// <param name="target">Written forwards only.</param>
    /// <exception cref="InvalidOperationException">A run was set going again while it was written; what was written so far is no whole
    /// file.</exception>
    public async Task WriteAsync(int id, Stream target, CancellationToken cancellation = default)
    {
        // What ended a moment ago may still wait to be written.
        await metrics.FlushAsync(cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var experiment = await db.Experiments.AsNoTracking().FirstAsync(e => e.Id == id, cancellation);
        var leftOut = new List<string>();
        var written = new List<string>();
        await using var file = await ExperimentFileWriter.OpenAsync(target, cancellation);
        foreach (var number in await Ended(db, id).OrderBy(run => run.Number).Select(run => run.Number).ToListAsync(cancellation))
        {
            // Deleted, or set going again, since they were counted.
            if (await ReadAsync(db, number, cancellation) is not { } run)
                continue;
            await WriteRunAsync(db, file, run, leftOut, cancellation);
            written.Add(run.Id.ToString());
        }

        await file.AddJsonAsync(ExperimentFileFormat.Experiment,
            new ExperimentFacts(experiment.Name, experiment.Description, experiment.DefaultSpec, experiment.CreatedAt, written,
                experiment.Conclusion), cancellation);
        await file.AddJsonAsync(ExperimentFileFormat.Manifest, new Manifest(
            ExperimentFileFormat.Kind, ExperimentFileFormat.Version, version.Text, time.GetUtcNow().UtcDateTime, [.. file.Entries], leftOut),
            cancellation);
    }

    private static IQueryable<Run> Ended(TrackingDb db, int experiment) => db.Runs.AsNoTracking()
        .Where(run => run.ExperimentId == experiment
            && (run.Status == RunStatus.Finished || run.Status == RunStatus.Stopped || run.Status == RunStatus.Failed));

    private static Task<Run?> ReadAsync(TrackingDb db, long number, CancellationToken cancellation) => db.Runs.AsNoTracking()
        .Where(run => run.Number == number && (run.Status == RunStatus.Finished || run.Status == RunStatus.Stopped || run.Status == RunStatus.Failed))
        .Include(run => run.Training!.Attempts.OrderBy(a => a.Number)).Include(run => run.Training!.EpochResults.OrderBy(e => e.Number))
        .Include(run => run.Training!.PausePoint)
        .Include(run => run.Checkpoints.OrderBy(c => c.Epoch)).Include(run => run.Evaluations.OrderBy(e => e.Epoch))
        .Include(run => run.Tags.OrderBy(t => t.Name))
        .Include(run => run.Params).ThenInclude(param => param.Param).AsSplitQuery().FirstOrDefaultAsync(cancellation);

    private async Task WriteRunAsync(TrackingDb db, ExperimentFileWriter file, Run run, List<string> leftOut, CancellationToken cancellation)
    {
        await file.AddAsync(ExperimentFileFormat.Series(run.Id), CompressionLevel.NoCompression, SeriesAsync(db, run, leftOut, cancellation),
            cancellation);
        if (run.Evaluations.Count > 0)
            await file.AddJsonAsync(ExperimentFileFormat.Evaluations(run.Id), run.Evaluations.Select(EvaluationFacts.Of), cancellation);
        var snapshot = await db.MetricSnapshots.AsNoTracking().FirstOrDefaultAsync(s => s.RunNumber == run.Number, cancellation);
        var ends = await db.MetricEpochs.Where(e => e.RunNumber == run.Number).OrderBy(e => e.EndStep).Select(e => e.EndStep)
            .ToListAsync(cancellation);
        var metrics = await db.MetricSeries.AsNoTracking().Where(s => s.RunNumber == run.Number).OrderBy(s => s.Name).ToListAsync(cancellation);
        var attempted = run.Training?.CurrentAttempt;
        // What was read so far belongs together only if nobody has begun to change it. Files that change or go from here on are noticed one by one.
        if (!await db.Runs.AnyAsync(r => r.Number == run.Number && r.Status == run.Status && r.Training!.CurrentAttempt == attempted, cancellation))
            throw new InvalidOperationException($"{run.Name} was set going again or deleted while its experiment was exported. Export it again.");

        var attempts = new List<AttemptFacts>();
        foreach (var attempt in run.Training?.Attempts ?? [])
            attempts.Add(AttemptFacts.Of(attempt, await WriteLogAsync(file, run.Id, attempt.Number, cancellation)));
        var saved = new List<CheckpointFacts>();
        foreach (var checkpoint in run.Checkpoints)
        {
            if (await WriteCheckpointAsync(file, run.Id, checkpoint, cancellation) is { } problem)
                leftOut.Add($"The checkpoint of epoch {checkpoint.Epoch} of {run.Name}: {problem}");
            else
                saved.Add(CheckpointFacts.Of(checkpoint));
        }

        var pause = run.Training?.PausePoint;
        if (pause is not null && await WritePausePointAsync(file, run.Id, pause, cancellation) is { } lost)
        {
            leftOut.Add($"The point at which {run.Name} was stopped: {lost}");
            pause = null;
        }

        await file.AddJsonAsync(ExperimentFileFormat.Facts(run.Id),
            FactsOf(run, snapshot?.Step, ends, attempts, saved, pause) with { Metrics = [.. metrics.Select(MetricFacts.Of)] }, cancellation);
    }

    private async Task<string?> WriteCheckpointAsync(ExperimentFileWriter file, RunId run, Checkpoint checkpoint, CancellationToken cancellation)
    {
        var weights = await checkpoints.OpenAsync(checkpoint.Weights, cancellation);
        await using var opened = weights.Content;
        var state = checkpoint.State is { } saved ? await checkpoints.OpenAsync(saved, cancellation) : null;
        await using var beside = state?.Content;
        if ((weights.Problem ?? state?.Problem) is { } problem)
            return problem;
        await file.AddFileAsync(ExperimentFileFormat.Weights(run, checkpoint.Epoch), opened!, cancellation);
        if (beside is not null)
            await file.AddFileAsync(ExperimentFileFormat.State(run, checkpoint.Epoch), beside, cancellation);
        return null;
    }

    private async Task<string?> WritePausePointAsync(ExperimentFileWriter file, RunId run, PausePoint point, CancellationToken cancellation)
    {
        var weights = await checkpoints.OpenAsync(point.Weights, cancellation);
        await using var opened = weights.Content;
        var state = await checkpoints.OpenAsync(point.State, cancellation);
        await using var beside = state.Content;
        if ((weights.Problem ?? state.Problem) is { } problem)
            return problem;
        await file.AddFileAsync(ExperimentFileFormat.PauseWeights(run), opened!, cancellation);
        await file.AddFileAsync(ExperimentFileFormat.PauseState(run), beside!, cancellation);
        return null;
    }

    /// <returns>Whether there is one.</returns>
    private async Task<bool> WriteLogAsync(ExperimentFileWriter file, RunId run, int attempt, CancellationToken cancellation)
    {
        Stream? log;
        try
        {
            log = await logs.OpenAsync(run, attempt, cancellation);
        }
        catch (NotAFileException)
        {
            return false;
        }

        if (log is null)
            return false;
        await using var opened = log;
        await file.AddAsync(ExperimentFileFormat.Log(run, attempt), CompressionLevel.Optimal, LinesAsync(log, cancellation), cancellation);
        return true;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(Stream log, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = new StreamReader(log, Encoding.UTF8, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellation) is { } line)
            yield return Encoding.UTF8.GetBytes(MachinePaths.Hide(line) + '\n');
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> SeriesAsync(TrackingDb db, Run run, List<string> leftOut,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var check = new ChunkBuilder();
        foreach (var series in await db.MetricSeries.AsNoTracking().Where(s => s.RunNumber == run.Number).OrderBy(s => s.Name)
            .ToListAsync(cancellation))
        {
            yield return SeriesEntry.Begin(series.Name);
            var chunks = db.MetricChunks.Where(c => c.SeriesId == series.Id).OrderBy(c => c.Ordinal).Select(c => c.Data);
            await foreach (var data in chunks.AsAsyncEnumerable().WithCancellation(cancellation))
            {
                // One that nobody can read here would make the whole file unreadable there.
                if (Damage(check, data) is { } damage)
                {
                    leftOut.Add($"Points of {series.Name} of {run.Name}: {damage}");
                    break;
                }

                yield return SeriesEntry.Chunk(data);
            }

            yield return SeriesEntry.Chunk([]);
        }
    }

    private static string? Damage(ChunkBuilder check, byte[] data)
    {
        try
        {
            check.Load(data);
            return null;
        }
        catch (DamagedChunkException e)
        {
            return e.Message;
        }
    }

    private static RunFacts FactsOf(
        Run run, long? bestStep, IReadOnlyList<long> epochEnds, IReadOnlyList<AttemptFacts> attempts, IReadOnlyList<CheckpointFacts> checkpoints,
        PausePoint? pause) => new(
        run.Id.ToString(), run.Name, run.Status, run.Training?.Spec, run.Trigger, run.CreatedAt, run.StartedAt, run.EndedAt, run.ArchivedAt,
        MachinePaths.Hide(run.Error), run.Training?.FinishReason, run.Notes, [.. run.Tags.Select(tag => new TagFacts(tag.Name, tag.Value))],
        ForkSource.Of(run.Training) is { } fork ? new ForkFacts(fork.Run.ToString(), fork.Epoch) : null, run.Training?.Reproduces?.ToString(),
        run.Training?.Device, run.Environment, run.AppVersion, run.Training?.TorchVersion, run.Training?.Threads, run.Training?.Parameters,
        run.Training?.StepsPerEpoch,
        run.Training?.ValidationSamples, run.Training?.DatasetSha256, run.Training?.BestEpoch, bestStep, epochEnds,
        [.. (run.Training?.EpochResults ?? []).Select(EpochFacts.Of)],
        attempts, checkpoints, pause is null ? null : PausePointFacts.Of(pause), run.Evaluations.Count > 0,
        run.Training is null ? [.. run.Params.OrderBy(param => param.Param.Name, StringComparer.Ordinal).Select(ParamFacts.Of)] : null);
}
