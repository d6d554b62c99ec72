using System.Diagnostics;
using System.Numerics;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// The loss of every step of the tutorial's model (784 x 10, batches of 32, SGD with momentum), trained here on the real images, with the times at
/// which the steps ended: points as real runs make them.
/// </summary>
internal static class LossTrace
{
    private const int Pixels = 784;
    private const int Classes = 10;
    private const int Batch = 32;

    /// <summary>Null where the data set is not on this machine.</summary>
    public static MetricPoint[]? Train(int steps, int seed)
    {
        var images = Find("train-images-idx3-ubyte");
        var labels = Find("train-labels-idx1-ubyte");
        if (images is null || labels is null)
            return null;

        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        var began = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var points = new MetricPoint[steps];
        var (weights, momentum, gradient) = (new float[Classes * Pixels], new float[Classes * Pixels], new float[Classes * Pixels]);
        var input = new float[Pixels];
        Span<float> odds = stackalloc float[Classes];
        for (var step = 0; step < steps; step++)
        {
            Array.Clear(gradient);
            var loss = 0f;
            for (var sample = 0; sample < Batch; sample++)
            {
                var image = random.Next(labels.Length - 8);
                for (var i = 0; i < Pixels; i++)
                    input[i] = images[16 + image * Pixels + i] / 127.5f - 1;
                for (var c = 0; c < Classes; c++)
                    odds[c] = Dot(input, weights.AsSpan(c * Pixels, Pixels));
                loss += Softmax(odds, labels[8 + image]) / Batch;
                for (var c = 0; c < Classes; c++)
                    AddScaled(gradient.AsSpan(c * Pixels, Pixels), input, odds[c] / Batch);
            }

            for (var i = 0; i < momentum.Length; i++)
                momentum[i] *= 0.9f;
            AddScaled(momentum, gradient, 1);
            AddScaled(weights, momentum, -0.01f);
            points[step] = new MetricPoint(step + 1, began + clock.ElapsedMilliseconds, loss);
        }

        return points;
    }

    /// <summary>Turns scores into the loss and the gradient by the scores.</summary>
    private static float Softmax(Span<float> scores, int label)
    {
        var max = float.NegativeInfinity;
        foreach (var score in scores)
            max = Math.Max(max, score);
        var sum = 0f;
        foreach (ref var score in scores)
            sum += score = MathF.Exp(score - max);
        foreach (ref var score in scores)
            score /= sum;
        var loss = -MathF.Log(scores[label]);
        scores[label] -= 1;
        return loss;
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = Vector<float>.Zero;
        for (var i = 0; i < Pixels; i += Vector<float>.Count)
            sum += new Vector<float>(a[i..]) * new Vector<float>(b[i..]);
        return Vector.Sum(sum);
    }

    private static void AddScaled(Span<float> sum, ReadOnlySpan<float> added, float scale)
    {
        for (var i = 0; i < sum.Length; i += Vector<float>.Count)
            (new Vector<float>(sum[i..]) + new Vector<float>(added[i..]) * scale).CopyTo(sum[i..]);
    }

    private static byte[]? Find(string name)
    {
        var files = Directory.Exists(HubProcess.DatasetFolder)
            ? Directory.EnumerateFiles(HubProcess.DatasetFolder, name, SearchOption.AllDirectories) : [];
        return files.FirstOrDefault() is { } file ? File.ReadAllBytes(file) : null;
    }
}
