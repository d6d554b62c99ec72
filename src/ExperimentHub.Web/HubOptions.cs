using System.Globalization;
using ExperimentHub.Execution;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Web.Security;
using ExperimentHub.Web.Telemetry;

namespace ExperimentHub.Web;

/// <summary>The hub's settings, read and checked once at the start. Every problem is reported, not only the first.</summary>
/// <param name="Node">What this hub is called among those that share its database.</param>
/// <param name="BeginAnew">Whether a hub whose database is lost may set the files of its runs aside and begin with an empty one.</param>
internal sealed record HubOptions(
    string Node, string DataFolder, bool BeginAnew, DatasetOptions Datasets, ExperimentFileOptions ExperimentFiles, DeletionOptions Deletions,
    ExecutionOptions Execution, ConnectionLimitOptions Connections, TelemetryOptions Telemetry)
{
    /// <returns>What is wrong with the settings, each with its name, the value seen and the values allowed; empty where all is well.</returns>
    public static IReadOnlyList<string> Read(IConfiguration configuration, out HubOptions options)
    {
        var problems = new List<string>();
        var hub = configuration.GetSection("Hub");
        var datasetFolder = Folder(hub["DatasetFolder"], Path.Combine(Home, ".cache", "experimenthub", "datasets"));
        options = new HubOptions(
            NodeName(hub, problems),
            DataFolderOf(configuration),
            Switch(hub, "BeginAnew", problems),
            new DatasetOptions(datasetFolder, (long)Number(hub, "MaxUploadMebibytes", (int)(DatasetOptions.UsualMaxFileBytes >> 20), 1,
                (int)(IdxReader.MaxBytes >> 20), problems) << 20),
            new ExperimentFileOptions((long)Number(hub, "MaxImportMebibytes", (int)(ExperimentFileOptions.UsualMaxBytes >> 20), 1, 1 << 24,
                problems) << 20),
            new DeletionOptions(TimeSpan.FromHours(Number(hub, "KeepDeletedHours", (int)DeletionOptions.Usual.TotalHours, 1, 24 * 366, problems))),
            new ExecutionOptions
            {
                DatasetFolder = datasetFolder,
                TrainerPath = hub["TrainerPath"] is { Length: > 0 } path ? path : null,
                CpuSlots = Number(hub, "CpuSlots", 1, 1, 64, problems),
                SlotsPerGpu = Number(hub, "SlotsPerGpu", 1, 1, 16, problems),
                StandbyBytes = (long)Number(hub, "StandbyMebibytes", 512, 0, 1 << 20, problems) << 20,
                SilenceLimit = TimeSpan.FromSeconds(Number(hub, "SilenceLimitSeconds", 60, 5, 3600, problems)),
                StopGrace = TimeSpan.FromSeconds(Number(hub, "StopGraceSeconds", 10, 1, 600, problems)),
            },
            new ConnectionLimitOptions(
                Number(hub, "MaxOpenPages", ConnectionLimitOptions.UsualPages, 1, 10_000, problems),
                Number(hub, "MaxEventStreams", ConnectionLimitOptions.UsualStreams, 1, 10_000, problems)),
            TelemetryOptions.Read(hub.GetSection("Telemetry"), problems));
        if (options.Execution.TrainerPath is { } trainer && !File.Exists(trainer))
            problems.Add($"Hub:TrainerPath is '{trainer}', but there is no such file. Leave it out to use the trainer that was built with this hub.");
        problems.AddRange(Listening.Problems(configuration));
        return problems;
    }

    public static string DataFolderOf(IConfiguration configuration) =>
        Folder(configuration["Hub:DataFolder"], Path.Combine(Home, ".local", "share", "experimenthub"));

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static string Folder(string? configured, string fallback) =>
        Path.GetFullPath(string.IsNullOrWhiteSpace(configured) ? fallback : configured);

    private static string NodeName(IConfigurationSection hub, List<string> problems)
    {
        var name = string.IsNullOrWhiteSpace(hub["Node"]) ? ThisNode.HostName : hub["Node"]!.Trim();
        if (name.Length > ThisNode.MaxNameLength || name.Any(letter => char.IsControl(letter) || letter == '/'))
            problems.Add(
                $"Hub:Node is '{name}', but must have at most {ThisNode.MaxNameLength} characters, without a slash and without control characters.");
        return name;
    }

    private static bool Switch(IConfigurationSection hub, string name, List<string> problems)
    {
        if (bool.TryParse(hub[name], out var on) || string.IsNullOrWhiteSpace(hub[name]))
            return on;
        problems.Add($"Hub:{name} is '{hub[name]}', but must be true or false.");
        return false;
    }

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
}
