using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>Gives runs that a page holds, and that nobody tracks, what the end of an epoch changes: one statement for all of them.</summary>
public sealed class EndedEpochs(IDbContextFactory<TrackingDb> databases)
{
    /// <summary>
    /// Leaves each training its best epoch and its newest ones. Runs without a training or an epoch, or that are gone, stay as they are.
    /// </summary>
    /// <param name="newest">How many of the newest.</param>
    public async Task ReadNewestAsync(IReadOnlyCollection<Run> runs, int newest, CancellationToken cancellation = default)
    {
        long[] numbers = [.. runs.Where(run => run.Training is not null).Select(run => run.Number)];
        if (numbers.Length == 0)
            return;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ended = await (
            from epoch in db.Epochs.AsNoTracking()
            join training in Newest(db) on epoch.RunNumber equals training.RunNumber
            where numbers.Contains(epoch.RunNumber) && (epoch.Number == training.BestEpoch || epoch.Number > training.EpochsDone - newest)
            orderby epoch.RunNumber, epoch.Number
            select new { Training = training, Epoch = epoch }).ToListAsync(cancellation);
        var trainings = runs.Select(run => run.Training).OfType<Training>().ToDictionary(training => training.RunNumber);
        foreach (var group in ended.GroupBy(row => row.Epoch.RunNumber))
        {
            trainings[group.Key].EpochResults.Clear();
            trainings[group.Key].Follow(group.First().Training, [.. group.Select(row => row.Epoch)]);
        }
    }

    /// <summary>Adds the epochs that ended after those that a training has.</summary>
    /// <param name="training">With all its epochs up to one.</param>
    /// <returns>false where it does not go on from there: it is gone, in another attempt, or went back.</returns>
    internal static async Task<bool> FollowAsync(TrackingDb db, Training training, CancellationToken cancellation)
    {
        var known = training.EpochResults is [.., var last] ? last.Number : 0;
        var now = await Newest(db).Where(t => t.RunNumber == training.RunNumber)
            .Select(t => new { Training = t, Epochs = t.EpochResults.Where(e => e.Number > known).OrderBy(e => e.Number).ToList() })
            .ToListAsync(cancellation);
        if (now is not [var later] || later.Training.CurrentAttempt != training.CurrentAttempt || later.Training.EpochsDone != known
            + later.Epochs.Count)
            return false;
        training.Follow(later.Training, later.Epochs);
        return true;
    }

    /// <summary>With where a pause left it, which counts as progress, and without its long texts.</summary>
    private static IQueryable<Training> Newest(TrackingDb db) =>
        db.Trainings.AsNoTracking().IgnoreAutoIncludes().Include(t => t.PausePoint).AsSingleQuery();
}
