using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Tests.Hub;

/// <summary>The protocol, spoken with the real program on real MNIST.</summary>
public sealed class HubSessionTests : IDisposable
{
    private static readonly TrainingSpec Long = new() { Epochs = 1_000, Model = new ModelSpec { Kind = ModelCatalog.SmallCnn } };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_OneEpochOfTheTutorial_TellsEverythingAndEndsWithZero()
    {
        await RealMnist.GetAsync();
        using var trainer = new TrainerProcess();

        trainer.Say(Start(new TrainingSpec { Epochs = 1 }));
        var events = await trainer.RestAsync();

        Assert.Equal(
            [typeof(Preparing), typeof(Preparing), typeof(TrainingStarted), typeof(EpochFinished), typeof(EpochEvaluated), typeof(CheckpointSaved),
                typeof(TrainingFinished)],
            events.Where(told => told is not (TrainingProgress or Heartbeat)).Select(told => told.GetType()));
        Assert.InRange(events.OfType<EpochFinished>().Single().TestAccuracy, 0.87, 0.93);
        Assert.InRange(events.OfType<EpochFinished>().Single().TrainLoss, 0.40, 0.45);
        Assert.Equal(0, await trainer.ExitCodeAsync());
        Assert.Contains("Epoch 1, Loss: 0.4", await trainer.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndOfInput_WhileTraining_TrainerEndsInTheMiddleOfIt()
    {
        await RealMnist.GetAsync();
        using var trainer = new TrainerProcess();
        trainer.Say(Start(Long));
        await trainer.UntilAsync<TrainingProgress>();

        trainer.EndInput();

        Assert.Equal(3, await trainer.ExitCodeAsync());
    }

    [Fact]
    public async Task EndOfInput_BeforeAnyCommand_TrainerIsGone()
    {
        using var trainer = new TrainerProcess();

        trainer.EndInput();

        Assert.Equal(3, await trainer.ExitCodeAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_WhileTraining_SavesThePlaceAndEndsWithZero(bool bySignal)
    {
        await RealMnist.GetAsync();
        using var trainer = new TrainerProcess();
        trainer.Say(Start(Long));
        var before = await trainer.UntilAsync<TrainingProgress>();

        if (bySignal)
            await trainer.TerminateAsync();
        else
            trainer.Say(new StopTraining());

        var rest = await trainer.RestAsync();
        Assert.IsType<TrainingStopped>(rest[^1]);
        var pause = Assert.IsType<PausePointSaved>(rest[^2]);
        Assert.Equal(1_875 * pause.Epoch + pause.StepsDone, rest.OfType<TrainingProgress>().Append(before).Max(progress => progress.Step));
        Assert.Equal(0, await trainer.ExitCodeAsync());
    }

    [Fact]
    public async Task Stop_BeforeAnyStart_SaysStoppedWithoutWaitingForTheStart()
    {
        using var trainer = new TrainerProcess();

        trainer.Say(new StopTraining());

        Assert.IsType<TrainingStopped>(Assert.Single(await trainer.RestAsync()));
        Assert.Equal(0, await trainer.ExitCodeAsync());
    }

    [Fact]
    public async Task Start_SpecOutOfRange_FailsWithTheField()
    {
        using var trainer = new TrainerProcess();

        trainer.Say(Start(new TrainingSpec { Epochs = 0 }));

        Assert.Contains("epochs", (await trainer.UntilAsync<TrainingFailed>()).Reason, StringComparison.Ordinal);
        Assert.Equal(1, await trainer.ExitCodeAsync());
    }

    [Fact]
    public async Task Start_DeviceThatIsNotThere_FailsInsteadOfMovingToTheCpu()
    {
        using var trainer = new TrainerProcess();

        trainer.Say(Start(new TrainingSpec()) with { Device = $"{DeviceRequest.Cuda}:{DeviceRequest.MaxIndex}" });

        Assert.Contains("cuda:63 is not there", (await trainer.UntilAsync<TrainingFailed>()).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("this is no command")]
    [InlineData("""{"type":"juggle"}""")]
    public async Task FirstLine_IsNoStart_NoTrainingHappens(string line)
    {
        using var trainer = new TrainerProcess();

        trainer.SayLine(line);
        trainer.EndInput();

        Assert.DoesNotContain(await trainer.RestAsync(), told => told is TrainingStarted);
        Assert.NotEqual(0, await trainer.ExitCodeAsync());
    }

    [Fact]
    public async Task UnknownArguments_Given_PrintUsageAndEndWithTwo()
    {
        using var trainer = new TrainerProcess("--train");

        Assert.Empty(await trainer.OutputAsync());
        Assert.Contains("--selftest", await trainer.Log, StringComparison.Ordinal);
        Assert.Equal(2, await trainer.ExitCodeAsync());
    }

    private StartTraining Start(TrainingSpec spec) => new(new string('b', 32), 1, spec, "cpu", _folder.Path, RealMnist.Folder, "test");
}
