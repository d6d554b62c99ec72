using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests;

/// <summary>
/// The real MNIST for tests that need it: from EXPERIMENTHUB_TEST_DATASETS, else from the machine's cache, else fetched into it by the
/// product's own store. Where none of this works, the test is skipped and says why.
/// </summary>
internal static class RealMnist
{
    private static readonly Lazy<Task<ImageData>> Loaded = new(LoadAsync);

    public static string Folder { get; } = Environment.GetEnvironmentVariable("EXPERIMENTHUB_TEST_DATASETS") is { Length: > 0 } folder
        ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "experimenthub", "datasets");

    public static async Task<ImageData> GetAsync()
    {
        try
        {
            return await Loaded.Value;
        }
        catch (TrainingFailure missing)
        {
            Assert.Skip(missing.Message);
            throw;
        }
    }

    private static async Task<ImageData> LoadAsync()
    {
        using var http = MirrorSource.CreateClient();
        var store = new DatasetStore(Folder, dataset => DatasetStore.PublicSources(dataset, http),
            new FetchProgress((_, _) => { }, () => { }), _ => { });
        return await store.LoadAsync(DatasetCatalog.Mnist, CancellationToken.None);
    }
}
