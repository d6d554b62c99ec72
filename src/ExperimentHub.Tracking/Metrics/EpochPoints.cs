using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>Makes points of the results of an epoch, all at its last step.</summary>
internal static class EpochPoints
{
    public static void Append(MetricWriter writer, long run, long lastStep, EpochFinished finished, DateTimeOffset now)
    {
        One(MetricNames.TestLoss, finished.TestLoss);
        One(MetricNames.TestAccuracy, finished.TestAccuracy);
        One(MetricNames.ValidationLoss, finished.ValidationLoss);
        One(MetricNames.ValidationAccuracy, finished.ValidationAccuracy);
        One(MetricNames.TrainAccuracy, finished.TrainAccuracy);
        writer.EpochEnded(run, lastStep);
        if (finished.Best)
            writer.MarkBest(run, lastStep);

        void One(string metric, double? value)
        {
            if (value is { } known)
                writer.Append(run, metric, [new MetricPoint(lastStep, now.ToUnixTimeMilliseconds(), known)], TrainingMetrics.MeaningOf(metric));
        }
    }
}
