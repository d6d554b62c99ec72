using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Tests;

/// <summary>The built trainer, asked for a data set alone.</summary>
public sealed class FetchSessionTests
{
    [Fact]
    public async Task Fetch_DataSetThatIsThere_IsVerifiedAndFinished()
    {
        await RealMnist.GetAsync();
        using var trainer = new TrainerProcess("--fetch", "mnist", RealMnist.Folder);

        Assert.IsType<TrainingFinished>((await trainer.RestAsync())[^1]);
    }

    [Fact]
    public async Task Fetch_UnknownKey_NamesTheKnownOnes()
    {
        using var folder = new TemporaryFolder();
        using var trainer = new TrainerProcess("--fetch", "imagenet", folder.Path);

        Assert.Empty(await trainer.RestAsync());
        Assert.Contains("mnist, fashion-mnist, kmnist", await trainer.Log, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }
}
