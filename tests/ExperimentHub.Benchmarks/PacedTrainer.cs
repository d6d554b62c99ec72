using System.Diagnostics;
using System.Globalization;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Benchmarks;

/// <summary>When a step was done and when its message was written, in Unix milliseconds by this machine's clock.</summary>
internal readonly record struct StepTime(long Step, double DoneAt, double ToldAt);

/// <summary>
/// A trainer that takes its steps by the clock and computes nothing. It speaks as the real one does: four messages a second with the loss of each
/// step since the last one, and the end of each epoch. It notes the <see cref="StepTime"/> of each step in a file.
/// </summary>
internal static class PacedTrainer
{
    public const string Command = "paced-trainer";

    public const int StepsPerEpoch = 1875;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(250);

    /// <param name="arguments">Steps per second, the folder where each run gets a file of notes, and the start command.</param>
    public static int Run(string[] arguments)
    {
        var stepsPerSecond = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        var start = (StartTraining)ProtocolJson.Read<TrainerCommand>(arguments[2]);
        using var notes = new StreamWriter(Path.Combine(arguments[1], start.RunId));
        using var output = Console.OpenStandardOutput();
        using var stop = new ManualResetEvent(false);
        // The hub has nothing else to say than stop; the end of the input means the same.
        new Thread(() =>
        {
            Console.In.ReadLine();
            stop.Set();
        })
        { IsBackground = true }.Start();

        void Say(TrainerEvent said) => output.Write(Encoding.UTF8.GetBytes(ProtocolJson.Write(said) + "\n"));

        Say(new TrainingStarted(new DeviceInfo("cpu", 0, "Paced"), "none", 1, 7850, 60_000, 10_000, StepsPerEpoch));
        var (random, clock, toldAt) = (new Random(1), Stopwatch.StartNew(), TimeSpan.Zero);
        var (losses, doneAt) = (new List<float>(), new List<double>());
        for (var step = 1L; step <= (long)start.Spec.Epochs * StepsPerEpoch; step++)
        {
            // Steps that the system's timer made late follow at once, so that the pace holds.
            var early = TimeSpan.FromSeconds((double)step / stepsPerSecond) - clock.Elapsed;
            if (early > TimeSpan.Zero && stop.WaitOne((int)Math.Ceiling(early.TotalMilliseconds)))
            {
                Say(new TrainingStopped());
                return 0;
            }

            losses.Add((float)(2 / (1 + step / 500.0) + 0.3 + 0.2 * random.NextDouble()));
            doneAt.Add(Now());
            var (seconds, epoch) = ((clock.Elapsed - toldAt).TotalSeconds, (int)((step - 1) / StepsPerEpoch) + 1);
            if (seconds < ProgressInterval.TotalSeconds && step % StepsPerEpoch != 0)
                continue;

            var told = Now();
            Say(new TrainingProgress(epoch, step, losses.Average(), losses.Count * start.Spec.BatchSize / seconds)
            {
                Losses = losses, LearningRate = start.Spec.Optimizer.LearningRate, Seconds = seconds, CpuPercent = 100,
                MemoryBytes = Environment.WorkingSet,
            });
            for (var i = 0; i < doneAt.Count; i++)
                notes.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{step - doneAt.Count + 1 + i} {doneAt[i]:0.###} {told:0.###}"));
            notes.Flush();
            if (step % StepsPerEpoch == 0)
                Say(new EpochFinished(epoch, losses.Average(), losses.Average(), 0.9, (double)StepsPerEpoch / stepsPerSecond));
            toldAt = clock.Elapsed;
            losses.Clear();
            doneAt.Clear();
        }

        Say(new TrainingFinished());
        return 0;
    }

    private static double Now() => (DateTime.UtcNow - DateTime.UnixEpoch).TotalMilliseconds;
}
