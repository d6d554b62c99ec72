using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// The results that a training carries for tables: taken from its epochs, forwards as they end and backwards when it goes on from an earlier place.
/// </summary>
internal static class RunResults
{
    /// <summary>The value of the metric that decides which epoch is best; null where the epoch does not have it.</summary>
    public static double? Deciding(TrainingSpec spec, Epoch epoch) =>
        BestEpoch.ValueOf(BestMetrics.Of(spec), epoch.TrainLoss, epoch.TestLoss, epoch.TestAccuracy, epoch.ValidationLoss, epoch.ValidationAccuracy);

    /// <summary>An epoch has ended and its row is filled in.</summary>
    public static void Take(Training training, Epoch epoch, bool best)
    {
        training.EpochsDone = epoch.Number;
        training.LastTrainLoss = epoch.TrainLoss;
        training.LastTestLoss = epoch.TestLoss;
        training.LastTestAccuracy = epoch.TestAccuracy;
        if (best)
            (training.BestEpoch, training.BestTestAccuracy) = (epoch.Number, epoch.TestAccuracy);
    }

    /// <summary>Forgets the epochs after one, as if the run had never come further; they are trained again.</summary>
    public static async Task RewindAsync(TrackingDb db, Training training, int epoch)
    {
        var all = await db.Epochs.Where(e => e.RunNumber == training.RunNumber).OrderBy(e => e.Number).ToListAsync();
        db.Epochs.RemoveRange(all.Where(e => e.Number > epoch));
        db.Evaluations.RemoveRange(await db.Evaluations.Where(e => e.RunNumber == training.RunNumber && e.Epoch > epoch).ToListAsync());
        var kept = all.Where(e => e.Number <= epoch).ToList();
        (training.EpochsDone, training.LastTrainLoss, training.LastTestLoss, training.LastTestAccuracy, training.BestEpoch, training.BestTestAccuracy)
            = (0, null, null, null, null, null);
        training.TrainSeconds = kept.Sum(e => e.Seconds);
        var best = Best(training.Spec, kept);
        foreach (var one in kept)
            Take(training, one, one == best);
    }

    /// <summary>For epochs whose trainer's word on it is history.</summary>
    private static Epoch? Best(TrainingSpec spec, List<Epoch> epochs)
    {
        List<Epoch> known = [.. epochs.Where(e => Deciding(spec, e) is not null).OrderBy(e => e.Number)];
        return BestEpoch.Of(BestMetrics.Of(spec), [.. known.Select(e => Deciding(spec, e)!.Value)]) is { } best ? known[best] : null;
    }
}
