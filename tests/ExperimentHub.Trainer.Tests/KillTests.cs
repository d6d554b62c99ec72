using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Tests;

/// <summary>The real program, killed again and again on real MNIST.</summary>
public sealed class KillTests : IDisposable
{
    private const int Kills = 20;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Everything that a step can depend on belongs in here.</summary>
    public static TheoryData<string, TrainingSpec> Specs => new()
    {
        { "sgd", new TrainingSpec { Epochs = 40, BatchSize = 250, Validation = new() { Samples = 5_000 } } },
        { "adam, dropout, augmentation", new TrainingSpec
            {
                Epochs = 40,
                BatchSize = 250,
                Validation = new() { Samples = 50_000 },
                Optimizer = new() { Kind = OptimizerSpec.Adam, LearningRate = 0.001 },
                Model = new ModelSpec { Kind = ModelCatalog.Mlp, HiddenSizes = [32], Dropout = 0.3, BatchNorm = true },
                Augmentation = new() { ShiftPixels = 2, RotateDegrees = 10, EraseProbability = 0.2 },
            }
        },
    };

    [Theory]
    [MemberData(nameof(Specs))]
    public async Task Training_KilledAtRandomMoments_EndsAsTheUninterruptedRun(string name, TrainingSpec spec)
    {
        await RealMnist.GetAsync();
        var whole = await TrainAsync(Folder("whole"), 1, spec, resume: null, killAfter: int.MaxValue);

        var random = new Random(1);
        List<TrainerEvent> told, all = [];
        var (attempt, kills, resume) = (0, 0, (ResumePoint?)null);
        do
        {
            // Counted in events, which come at the ends of epochs and within them: the moment itself is the system's choice.
            told = await TrainAsync(Folder("killed"), ++attempt, spec, resume, kills < Kills ? random.Next(3) : int.MaxValue);
            all.AddRange(told);
            kills += told[^1] is TrainingFinished ? 0 : 1;
            if (told.OfType<CheckpointSaved>().LastOrDefault() is { } saved)
                resume = HubsMemory.After(saved, spec, all);
        }
        while (told[^1] is not TrainingFinished);

        Assert.True(kills >= Kills, $"{name}: finished after {kills} kills");
        Assert.Equal(whole.OfType<CheckpointSaved>().Last().WeightsSha256, told.OfType<CheckpointSaved>().Last().WeightsSha256);
        Assert.Equal(Without(whole.OfType<EpochFinished>().Last()), Without(told.OfType<EpochFinished>().Last()));
    }

    /// <param name="killAfter">So many events after the start.</param>
    private static async Task<List<TrainerEvent>> TrainAsync(string folder, int attempt, TrainingSpec spec, ResumePoint? resume, int killAfter)
    {
        using var trainer = new TrainerProcess();
        trainer.Say(new StartTraining(new string('c', 32), attempt, spec, "cpu", folder, RealMnist.Folder, "test", resume));
        var told = new List<TrainerEvent> { await trainer.UntilAsync<TrainingStarted>() };
        try
        {
            while (await trainer.NextAsync() is { } next)
            {
                told.Add(next);
                // What was said before the kill is heard after it.
                if (told.Count > killAfter)
                    trainer.Kill();
            }
        }
        catch (JsonException)
        {
            // The kill came in the middle of a line.
        }

        return told;
    }

    private static EpochFinished Without(EpochFinished epoch) => epoch with { Seconds = 0 };

    private string Folder(string name) => Directory.CreateDirectory(_folder[name]).FullName;
}
