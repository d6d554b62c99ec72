using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

/// <summary>The results that a run carries for tables: taken from its epochs, forwards as they end and backwards when it goes on from an earlier place.</summary>
internal static class RunResults
{
    /// <summary>The value of the metric that decides which epoch is best; null where the epoch does not have it.</summary>
    public static double? Deciding(TrainingSpec spec, Epoch epoch) =>
        BestEpoch.ValueOf(BestMetrics.Of(spec), epoch.TrainLoss, epoch.TestLoss, epoch.TestAccuracy, epoch.ValidationLoss, epoch.ValidationAccuracy);

    /// <summary>An epoch has ended and its row is filled in.</summary>
    public static void Take(Run run, Epoch epoch, bool best)
    {
        run.EpochsDone = epoch.Number;
        run.LastTrainLoss = epoch.TrainLoss;
        run.LastTestLoss = epoch.TestLoss;
        run.LastTestAccuracy = epoch.TestAccuracy;
        if (best)
            (run.BestEpoch, run.BestTestAccuracy) = (epoch.Number, epoch.TestAccuracy);
    }

    /// <summary>Forgets the epochs after one, as if the run had never come further; they are trained again.</summary>
    public static async Task RewindAsync(TrackingDb db, Run run, int epoch)
    {
        var all = await db.Epochs.Where(e => e.RunNumber == run.Number).OrderBy(e => e.Number).ToListAsync();
        db.Epochs.RemoveRange(all.Where(e => e.Number > epoch));
        db.Evaluations.RemoveRange(await db.Evaluations.Where(e => e.RunNumber == run.Number && e.Epoch > epoch).ToListAsync());
        var kept = all.Where(e => e.Number <= epoch).ToList();
        (run.EpochsDone, run.LastTrainLoss, run.LastTestLoss, run.LastTestAccuracy, run.BestEpoch, run.BestTestAccuracy) = (0, null, null, null, null, null);
        run.TrainSeconds = kept.Sum(e => e.Seconds);
        var best = Best(run.Spec, kept);
        foreach (var one in kept)
            Take(run, one, one == best);
    }

    /// <summary>For epochs whose trainer's word on it is history.</summary>
    private static Epoch? Best(TrainingSpec spec, List<Epoch> epochs)
    {
        List<Epoch> known = [.. epochs.Where(e => Deciding(spec, e) is not null).OrderBy(e => e.Number)];
        return BestEpoch.Of(BestMetrics.Of(spec), [.. known.Select(e => Deciding(spec, e)!.Value)]) is { } best ? known[best] : null;
    }
}
