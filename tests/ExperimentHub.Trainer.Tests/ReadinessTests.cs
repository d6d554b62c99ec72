using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests;

/// <summary>A trainer that was ready before it knew what to train gives the results of one that was not.</summary>
[Collection(nameof(Torch))]
public sealed class ReadinessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task StandBy_ThenTheTutorial_EndsAsATrainerThatIsStartedForIt()
    {
        await RealMnist.GetAsync();
        var spec = new TrainingSpec { Epochs = 1 };
        using var fresh = new TrainerProcess();
        fresh.Say(Start("fresh", spec));
        var expected = await fresh.UntilAsync<CheckpointSaved>();
        Assert.Equal(0, await fresh.ExitCodeAsync());

        var readiness = Ready();
        var data = Assert.IsType<ImageData>(readiness.TakeData(DatasetCatalog.Mnist));
        var events = TinyData.Train(Start("ready", spec), data);

        var actual = events.Of<CheckpointSaved>().Single();
        Assert.Equal(SavedTensors.Hash(Path.Combine(_folder["fresh"], expected.FileName)),
            SavedTensors.Hash(Path.Combine(_folder["ready"], actual.FileName)));
        Assert.Equal(SavedTensors.Hash(Path.Combine(_folder["fresh"], expected.State!.FileName)),
            SavedTensors.Hash(Path.Combine(_folder["ready"], actual.State!.FileName)));
        Assert.DoesNotContain(_log, line => line.StartsWith("warn", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ModelCatalog.SimpleNn)]
    [InlineData(ModelCatalog.SmallCnn)]
    public void StandBy_BeforeAnyNetwork_ChangesNoNumber(string kind)
    {
        var spec = new TrainingSpec { Epochs = 2, Model = new ModelSpec { Kind = kind }, Seed = 7 };
        var expected = TinyData.Train(Start("before", spec)).Of<CheckpointSaved>().Select(saved => saved.Sha256);

        Ready();

        Assert.Equal(expected, TinyData.Train(Start("after", spec)).Of<CheckpointSaved>().Select(saved => saved.Sha256));
    }

    [Fact]
    public async Task StandBy_LeavesNothingBehind()
    {
        await RealMnist.GetAsync();
        Ready();

        Assert.Empty(Directory.EnumerateFileSystemEntries(Folder("standby")));
    }

    [Fact]
    public async Task TakeData_OfWhatWasRead_IsGivenOnceAndToNobodyElse()
    {
        await RealMnist.GetAsync();

        Assert.Null(Ready().TakeData(DatasetCatalog.FashionMnist));
        Assert.Null(Ready().TakeData(DatasetCatalog.Mnist with { Name = "One of the hub's own" }));
        var readiness = Ready();
        Assert.NotNull(readiness.TakeData(DatasetCatalog.Mnist));
        Assert.Null(readiness.TakeData(DatasetCatalog.Mnist));
    }

    [Theory]
    [InlineData("mnist")]
    [InlineData("nobody-knows-it")]
    [InlineData("")]
    public void StandBy_DataThatIsNotThere_IsReadyForTheRest(string dataset)
    {
        var readiness = new Readiness(null, _log.Add);

        readiness.StandBy(new StandBy(Folder("standby"), Folder("empty"), dataset), () => false);

        Assert.Null(readiness.TakeData(DatasetCatalog.Mnist));
        Assert.DoesNotContain(_log, line => line.StartsWith("warn", StringComparison.Ordinal));
    }

    [Fact]
    public void StandBy_WithDamagedDataAndNoFolder_SaysSoAndFailsNothing()
    {
        foreach (var file in DatasetCatalog.Mnist.Files)
            File.WriteAllText(Path.Combine(Folder("damaged"), file.Name), "not the file");
        var readiness = new Readiness(null, _log.Add);

        readiness.StandBy(new StandBy(Folder("standby"), Folder("damaged"), "mnist"), () => false);
        Assert.Null(readiness.TakeData(DatasetCatalog.Mnist));
        Assert.Contains(_log, line => line.StartsWith("warn: Getting ready before there was a run did not succeed: ", StringComparison.Ordinal));

        File.WriteAllText(_folder["a-file"], "");
        _log.Clear();
        readiness.StandBy(new StandBy(_folder["a-file"], Folder("empty"), "mnist"), () => false);
        Assert.Contains(_log, line => line.StartsWith("warn: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Process_StandsByUntilItsInputEnds()
    {
        using var trainer = new TrainerProcess();
        trainer.Say(Order());

        trainer.EndInput();

        Assert.Equal(3, await trainer.ExitCodeAsync());
    }

    [Fact]
    public async Task Process_ToldToTrainAndToStopWhileItGetsReady_Stops()
    {
        using var trainer = new TrainerProcess();
        trainer.Say(Order());
        trainer.Say(Start("stopped", new TrainingSpec()));
        trainer.Say(new StopTraining());

        Assert.IsType<TrainingStopped>((await trainer.RestAsync())[^1]);
        Assert.Equal(0, await trainer.ExitCodeAsync());
    }

    [Fact]
    public async Task Process_ToldTwiceToStandBy_SaysWhatItMisses()
    {
        using var trainer = new TrainerProcess();
        trainer.Say(Order());
        trainer.Say(Order());

        var failed = Assert.IsType<TrainingFailed>((await trainer.RestAsync())[^1]);
        Assert.Contains("where the start command should be", failed.Reason, StringComparison.Ordinal);
    }

    private StandBy Order() => new(Folder("standby"), RealMnist.Folder, "mnist");

    private Readiness Ready()
    {
        var readiness = new Readiness(null, _log.Add);
        readiness.StandBy(Order(), () => false);
        return readiness;
    }

    private StartTraining Start(string name, TrainingSpec spec) =>
        new(new string('a', 32), 1, spec, DeviceRequest.Cpu, Folder(name), RealMnist.Folder, "1.2.3");

    private string Folder(string name) => Directory.CreateDirectory(_folder[name]).FullName;
}
