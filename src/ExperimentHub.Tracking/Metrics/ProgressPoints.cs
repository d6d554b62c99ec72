using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>Makes points of what a trainer tells.</summary>
internal static class ProgressPoints
{
    /// <summary>
    /// Every step gets its loss, learning rate and, where told, gradient norm; speed, CPU and memory are one point each. The steps of a message are
    /// spread evenly over its seconds, because the trainer reads their losses back together.
    /// </summary>
    public static void Append(MetricWriter writer, long run, TrainingProgress progress, DateTimeOffset now)
    {
        var end = now.ToUnixTimeMilliseconds();
        // A trainer that tells no single losses has one point for all of its steps.
        float[] losses = progress.Losses.Count > 0 ? [.. progress.Losses] : [(float)progress.Loss];
        var points = new MetricPoint[losses.Length];
        for (var i = 0; i < points.Length; i++)
        {
            var before = points.Length - 1 - i;
            points[i] = new MetricPoint(progress.Step - before, end - (long)(progress.Seconds * 1000 * before / points.Length), losses[i]);
        }

        writer.Append(run, MetricNames.TrainLoss, points, TrainingMetrics.MeaningOf(MetricNames.TrainLoss));
        if (progress.LearningRates is { } rates)
            OfEachStep(MetricNames.LearningRate, rates.Count, i => rates[i]);
        else if (progress.LearningRate is { } rate)
            OfEachStep(MetricNames.LearningRate, points.Length, _ => rate);
        if (progress.GradientNorms is { } norms)
            OfEachStep(MetricNames.GradientNorm, norms.Count, i => norms[i]);
        One(MetricNames.SamplesPerSecond, progress.SamplesPerSecond);
        One(MetricNames.CpuPercent, progress.CpuPercent);
        One(MetricNames.MemoryBytes, progress.MemoryBytes);

        void OfEachStep(string metric, int count, Func<int, double> value)
        {
            // A list that is not as long as the losses belongs to no steps that are known.
            if (count != points.Length)
                return;
            for (var i = 0; i < points.Length; i++)
                points[i] = points[i] with { Value = value(i) };
            writer.Append(run, metric, points, TrainingMetrics.MeaningOf(metric));
        }

        void One(string metric, double? value)
        {
            if (value is { } known)
                writer.Append(run, metric, [new MetricPoint(progress.Step, end, known)], TrainingMetrics.MeaningOf(metric));
        }
    }
}
