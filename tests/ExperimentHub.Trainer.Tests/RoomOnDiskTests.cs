using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Tests;

/// <summary>
/// A disk that is full when a checkpoint is written. /dev/full is a file whose every write the system refuses with "no space left on device".
/// </summary>
[Collection(nameof(Torch))]
public sealed class RoomOnDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("attempt-1-epoch-1.state.safetensors")]
    [InlineData("attempt-1-epoch-1.safetensors")]
    public void Run_NoRoomForACheckpoint_WaitsAndGoesOnAsIfNothingHadHappened(string full)
    {
        var spec = new TrainingSpec { Epochs = 2 };
        var whole = TinyData.Train(TinyData.Start(Folder("whole"), spec));
        var log = new List<string>();
        var tries = 0;

        var waited = TinyData.Train(TinyData.Start(Folder("full"), spec), log: log, onEvent: told =>
        {
            if (told is EpochFinished { Epoch: 1 } || (told is WaitingForRoom && ++tries < 2))
                Fill(full);
            Assert.InRange(tries, 0, 2);
        });

        Assert.Equal(2, waited.Of<WaitingForRoom>().Count());
        Assert.All(waited.Of<WaitingForRoom>(), wait => Assert.Contains("No space left on device", wait.Reason, StringComparison.Ordinal));
        Assert.Equal(whole.Of<CheckpointSaved>().Select(saved => (saved.Epoch, saved.WeightsSha256)), waited.Of<CheckpointSaved>()
            .Select(saved => (saved.Epoch, saved.WeightsSha256)));
        Assert.IsType<TrainingFinished>(waited.All[^1]);
        Assert.Contains(log, line => line.StartsWith("warn: No space left", StringComparison.Ordinal));
        Assert.Equal(Names("whole"), Names("full"));
    }

    [Fact]
    public void Run_StoppedWhileItWaitsForRoom_EndsAndLeavesTheLastPlaceThatWasSaved()
    {
        var stop = false;

        var told = TinyData.Train(TinyData.Start(Folder("full"), new TrainingSpec { Epochs = 3 }), mustStop: () => stop, onEvent: told =>
        {
            if (told is EpochFinished { Epoch: 2 } or WaitingForRoom)
                Fill("attempt-1-epoch-2.state.safetensors");
            stop |= told is WaitingForRoom;
        });

        Assert.IsType<TrainingStopped>(told.All[^1]);
        Assert.Equal(1, Assert.Single(told.Of<CheckpointSaved>()).Epoch);
    }

    [Fact]
    public void Run_NoRoomForThePlaceOfAStop_EndsAllTheSame()
    {
        var stop = false;

        var told = TinyData.Train(TinyData.Start(Folder("full"), new TrainingSpec { Epochs = 3 }), mustStop: () => stop, onEvent: told =>
        {
            if (told is CheckpointSaved or WaitingForRoom)
                Fill("attempt-1-pause.state.safetensors");
            stop |= told is CheckpointSaved;
        });

        Assert.IsType<TrainingStopped>(told.All[^1]);
        Assert.Empty(told.Of<PausePointSaved>());
    }

    /// <summary>The next write of this file, and only that one, finds no room.</summary>
    private void Fill(string name)
    {
        var path = Path.Combine(_folder["full"], name + ".writing");
        if (!File.Exists(path))
            File.CreateSymbolicLink(path, "/dev/full");
    }

    private IEnumerable<string?> Names(string folder) => Directory.GetFiles(_folder[folder]).Select(Path.GetFileName).Order();

    private string Folder(string name) => Directory.CreateDirectory(_folder[name]).FullName;
}
