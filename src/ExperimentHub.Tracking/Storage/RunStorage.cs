using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Storage;

/// <summary>What the files of an experiment's runs take, without those that were deleted.</summary>
/// <param name="Runs">How many runs have files.</param>
public sealed record ExperimentBytes(int Id, string Name, bool Archived, int Runs, long Bytes);

/// <summary>What the files of one run take.</summary>
public sealed record RunBytes(Run Run, long Bytes);

/// <summary>Which runs the data folder's bytes belong to.</summary>
/// <param name="Experiments">The largest first.</param>
/// <param name="Deleted">What deleted runs take until they are removed for good and their files are gone.</param>
public sealed record StorageListing(DiskFigures Disk, IReadOnlyList<ExperimentBytes> Experiments, long Deleted);

/// <summary>Reads what uses the disk. Figures are those of <see cref="DiskUse"/>, so that no two places disagree.</summary>
public sealed class RunStorage(DiskUse disk, IDbContextFactory<TrackingDb> databases)
{
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public async Task<StorageListing> ReadAsync(CancellationToken cancellation = default)
    {
        var figures = await disk.ReadAsync();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var experiments = await db.Experiments.Select(experiment => new { experiment.Id, experiment.Name, Archived = experiment.ArchivedAt != null })
            .ToDictionaryAsync(experiment => experiment.Id, cancellation);
        var uses = new Dictionary<int, (int Runs, long Bytes)>();
        var kept = 0L;
        await foreach (var run in db.Runs.Select(run => new { run.Id, run.ExperimentId }).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            if (!figures.OfRuns.TryGetValue(run.Id, out var bytes) || bytes == 0)
                continue;
            var (runs, sum) = uses.GetValueOrDefault(run.ExperimentId);
            uses[run.ExperimentId] = (runs + 1, sum + bytes);
            kept += bytes;
        }

        return new StorageListing(figures,
            [.. uses.Where(use => experiments.ContainsKey(use.Key))
                .Select(use => new ExperimentBytes(use.Key, experiments[use.Key].Name, experiments[use.Key].Archived, use.Value.Runs,
                    use.Value.Bytes))
                .OrderByDescending(use => use.Bytes).ThenBy(use => use.Id)],
            figures.OfRuns.Values.Sum() - kept);
    }

    /// <summary>The runs of an experiment whose files take the most, the largest first.</summary>
    /// <param name="most">So many at most.</param>
    public async Task<IReadOnlyList<RunBytes>> RunsAsync(int experiment, int most, CancellationToken cancellation = default)
    {
        var figures = await disk.ReadAsync();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ids = await db.Runs.Where(run => run.ExperimentId == experiment).Select(run => run.Id).ToListAsync(cancellation);
        List<RunId> largest = [.. ids.Where(id => figures.OfRuns.GetValueOrDefault(id) > 0).OrderByDescending(id => figures.OfRuns[id]).Take(most)];
        var runs = await db.Runs.AsNoTracking().Include(run => run.Checkpoints).Where(run => largest.Contains(run.Id)).ToListAsync(cancellation);
        return [.. runs.Select(run => new RunBytes(run, figures.OfRuns[run.Id])).OrderByDescending(run => run.Bytes).ThenBy(run => run.Run.Number)];
    }
}
