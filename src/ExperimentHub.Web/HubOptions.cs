using System.Globalization;
using System.Net;
using ExperimentHub.Execution;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Web.Security;

namespace ExperimentHub.Web;

/// <summary>The hub's settings, read and checked once at the start. Every problem is reported, not only the first.</summary>
internal sealed record HubOptions(string DataFolder, DatasetOptions Datasets, ExperimentFileOptions ExperimentFiles, ExecutionOptions Execution, ConnectionLimitOptions Connections)
{
    /// <returns>What is wrong with the settings, each with its name, the value seen and the values allowed; empty where all is well.</returns>
    public static IReadOnlyList<string> Read(IConfiguration configuration, out HubOptions options)
    {
        var problems = new List<string>();
        var hub = configuration.GetSection("Hub");
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var datasetFolder = Folder(hub["DatasetFolder"], Path.Combine(home, ".cache", "experimenthub", "datasets"));
        options = new HubOptions(
            Folder(hub["DataFolder"], Path.Combine(home, ".local", "share", "experimenthub")),
            new DatasetOptions(datasetFolder, (long)Number(hub, "MaxUploadMebibytes", (int)(DatasetOptions.UsualMaxFileBytes >> 20), 1, (int)(IdxReader.MaxBytes >> 20), problems) << 20),
            new ExperimentFileOptions((long)Number(hub, "MaxImportMebibytes", (int)(ExperimentFileOptions.UsualMaxBytes >> 20), 1, 1 << 24, problems) << 20),
            new ExecutionOptions
            {
                DatasetFolder = datasetFolder,
                TrainerPath = hub["TrainerPath"] is { Length: > 0 } path ? path : null,
                CpuSlots = Number(hub, "CpuSlots", 1, 1, 64, problems),
                SlotsPerGpu = Number(hub, "SlotsPerGpu", 1, 1, 16, problems),
                SilenceLimit = TimeSpan.FromSeconds(Number(hub, "SilenceLimitSeconds", 60, 5, 3600, problems)),
                StopGrace = TimeSpan.FromSeconds(Number(hub, "StopGraceSeconds", 10, 1, 600, problems)),
            },
            new ConnectionLimitOptions(
                Number(hub, "MaxOpenPages", ConnectionLimitOptions.UsualPages, 1, 10_000, problems),
                Number(hub, "MaxEventStreams", ConnectionLimitOptions.UsualStreams, 1, 10_000, problems)));
        if (options.Execution.TrainerPath is { } trainer && !File.Exists(trainer))
            problems.Add($"Hub:TrainerPath is '{trainer}', but there is no such file. Leave it out to use the trainer that was built with this hub.");
        problems.AddRange((configuration["Urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(url => !IsLoopback(url))
            .Select(url => $"Urls contains '{url}', which other machines could reach. There is no sign-in yet, so only loopback addresses such as "
                + "http://127.0.0.1:5080 are allowed; reach a remote hub through an SSH tunnel (ssh -L 5080:127.0.0.1:5080 server)."));
        return problems;
    }

    private static string Folder(string? configured, string fallback) => Path.GetFullPath(string.IsNullOrWhiteSpace(configured) ? fallback : configured);

    private static int Number(IConfigurationSection hub, string name, int fallback, int min, int max, List<string> problems)
    {
        var text = hub[name];
        if (string.IsNullOrWhiteSpace(text))
            return fallback;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        problems.Add($"Hub:{name} is '{text}', but must be a whole number from {min} to {max}.");
        return fallback;
    }

    private static bool IsLoopback(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));
}
