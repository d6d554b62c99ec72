using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Checkpoints;

namespace ExperimentHub.Trainer.Tests.Checkpoints;

/// <summary>Files that do not fit the run are refused by name and reason, before anything is trained.</summary>
[Collection(nameof(Torch))]
public sealed class SavedTrainingTests : IDisposable
{
    private const string Weights = "attempt-1-epoch-1.safetensors";
    private const string State = "attempt-1-epoch-1.state.safetensors";

    private static readonly TrainingSpec Spec = new() { Epochs = 1 };

    private readonly TemporaryFolder _folder = new();

    private readonly EpochFigures _kept;

    public SavedTrainingTests() => _kept = HubsMemory.Figures(Spec, TinyData.Train(TinyData.Start(_folder.Path, Spec)).All, 1);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Weights, "format", "experimenthub-state", "its format is 'experimenthub-state' instead of 'pt'")]
    [InlineData(Weights, "epoch", "2", "its epoch is '2' instead of '1'")]
    [InlineData(Weights, "epoch", null, "its metadata does not say its epoch")]
    [InlineData(Weights, "spec", """{"version":1,"batchSize":64}""", "its spec is another one: batchSize is 64 there and 32 in this run")]
    [InlineData(Weights, "spec", "{", "its spec cannot be read")]
    [InlineData(Weights, "spec", "null", "its spec cannot be read")]
    [InlineData(State, "format", "pt", "its format is 'pt' instead of 'experimenthub-state'")]
    [InlineData(State, "version", "4", "its version is '4' instead of '3'")]
    [InlineData(State, "history.metric", "2", "it was saved with the results of 2 epochs, and the hub keeps 1")]
    [InlineData(State, "history.metric", "one", "its history.metric is not a number")]
    [InlineData(State, "history.trainLoss", null, "its metadata does not say its history.trainLoss")]
    [InlineData(State, "history.sha256", "other", "the results of its epochs that the hub keeps are not those that it was saved with")]
    [InlineData(State, "stepsDone", "1", "its stepsDone is '1' instead of '0'")]
    [InlineData(Weights, "datasetSha256", "other", "it was trained on other files of the data set mnist")]
    [InlineData(State, "datasetSha256", "other", "it was trained on other files of the data set mnist")]
    [InlineData(State, "epoch", "2", "its epoch is '2' instead of '1'")]
    [InlineData(State, "spec", """{"version":1,"seed":2}""", "its spec is another one: seed is 2 there and 1 in this run")]
    [InlineData(State, "spec", """{"optimizer":{"momentum":0.5}}""", "its spec is another one: optimizer is")]
    [InlineData(State, "runId", "other", "its runId is 'other' instead of")]
    [InlineData(State, "attempt", "2", "its attempt is '2' instead of '1'")]
    [InlineData(State, "threads", "many", "its number of threads is not a number")]
    [InlineData(State, "threads", "0", "its number of threads is not a number")]
    [InlineData(State, "device", null, "its metadata does not say its device")]
    public void Run_MetadataOfAnotherTraining_IsRefused(string file, string key, string? value, string reason)
    {
        SavedTensors.EditMetadata(_folder[file], key, value);

        Assert.StartsWith($"The run cannot go on from {file}: {reason}", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Weights, "fc.bias", "the tensor 'fc.bias' is missing")]
    [InlineData(State, "momentum.fc.weight", "the tensor 'momentum.fc.weight' is missing")]
    public void Run_TensorMissing_IsRefused(string file, string tensor, string reason)
    {
        SavedTensors.EditTensors(_folder[file], tensors => tensors.Where(saved => saved.Name != tensor));

        Assert.StartsWith($"The run cannot go on from {file}: {reason}.", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Weights, "fc.bias", "F32", 11, "the tensor 'fc.bias' is F32 [11] there, but F32 [10] in this run")]
    [InlineData(Weights, "fc.bias", "I32", 10, "the tensor 'fc.bias' is I32 [10] there, but F32 [10] in this run")]
    [InlineData(State, "momentum.fc.bias", "F32", 11, "the tensor 'momentum.fc.bias' is F32 [11] there, but F32 [10] in this run")]
    public void Run_TensorOfAnotherTypeOrShape_IsRefused(string file, string tensor, string dtype, int length, string reason)
    {
        var other = new SafetensorsTensor(tensor, dtype, [length], new byte[length * (dtype == "F64" ? 8 : 4)]);
        SavedTensors.EditTensors(_folder[file], tensors => tensors.Select(saved => saved.Name == tensor ? other : saved));

        Assert.StartsWith($"The run cannot go on from {file}: {reason}", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Weights)]
    [InlineData(State)]
    public void Run_TensorTooMany_IsRefused(string file)
    {
        SavedTensors.EditTensors(_folder[file], tensors => tensors.Append(new SafetensorsTensor("stranger", "F32", [1], new byte[4])));

        Assert.StartsWith($"The run cannot go on from {file}: this run has no tensor 'stranger'.", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Weights, 100)]
    [InlineData(Weights, 1_000)]
    [InlineData(State, 0)]
    [InlineData(State, 7)]
    public void Run_FileCutOff_IsRefused(string file, long length)
    {
        using (var cut = File.OpenWrite(_folder[file]))
            cut.SetLength(length);

        Assert.StartsWith($"The run cannot go on from {file}: The ", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Weights)]
    [InlineData(State)]
    public void Run_FileGone_IsRefused(string file)
    {
        File.Delete(_folder[file]);

        Assert.StartsWith($"The run cannot go on from {file}: the file is not there.", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../attempt-1-epoch-1.safetensors", State)]
    [InlineData("/attempt-1-epoch-1.safetensors", State)]
    [InlineData("model.safetensors", State)]
    [InlineData(Weights, "x/../attempt-1-epoch-1.state.safetensors")]
    [InlineData(Weights, "attempt-1-epoch-1.state.safetensors\n")]
    [InlineData(Weights, "")]
    public void Run_NameThatIsNotACheckpoints_IsRefused(string weights, string state)
    {
        Assert.Contains("this is not the name of a checkpoint", Refusal(weights, state), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1, null)]
    [InlineData(0, 1, "the tensor 'history.metric' does not hold one number for each epoch")]
    [InlineData(1, 2, "the tensor 'history.trainLoss' does not hold one number for each epoch")]
    public void Run_StateOfTheSecondVersion_CarriesItsOwnResults(int metrics, int losses, string? reason)
    {
        SavedTensors.MakeVersion2(_folder[State], metrics == 0 ? [1, 2, 3] : [.. _kept.Values], [.. Enumerable.Repeat(_kept.TrainLosses[0], losses)]);
        var start = TinyData.Start(_folder.Path, Spec with { Epochs = 2 }, attempt: 2) with { Resume = new ResumePoint(1, Weights, State) };

        if (reason is not null)
            Assert.StartsWith($"The run cannot go on from {State}: {reason}", Refusal(), StringComparison.Ordinal);
        else
            Assert.Equal(2, Assert.Single(TinyData.Train(start).Of<CheckpointSaved>()).Epoch);
    }

    [Fact]
    public void Run_HubKeepsOtherResults_IsRefused()
    {
        var other = _kept with { TrainLosses = [Math.BitIncrement(_kept.TrainLosses[0])] };
        var start = TinyData.Start(_folder.Path, Spec with { Epochs = 3 }, attempt: 2)
            with
        { Resume = new ResumePoint(1, Weights, State) { Figures = other } };

        var failure = Assert.Throws<TrainingFailure>(() => TinyData.Train(start));

        Assert.Contains("are not those that it was saved with", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FilesInterchanged_IsRefused()
    {
        Assert.Contains("its format is 'experimenthub-state' instead of 'pt'", Refusal(State, Weights), StringComparison.Ordinal);
    }

    private string Refusal(string weights = Weights, string state = State)
    {
        var before = Directory.GetFiles(_folder.Path);
        var told = new List<TrainerEvent>();
        var start = TinyData.Start(_folder.Path, Spec with { Epochs = 3 }, attempt: 2)
            with
        { Resume = new ResumePoint(1, weights, state) { Figures = _kept } };

        var failure = Assert.Throws<TrainingFailure>(() => TinyData.Train(start, onEvent: told.Add));

        Assert.Empty(told);
        Assert.Equal(before.Order(), Directory.GetFiles(_folder.Path).Order());
        Assert.Contains("earlier checkpoint", failure.Remedy, StringComparison.Ordinal);
        return failure.Message;
    }
}
