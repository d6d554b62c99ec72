using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Search;

internal enum AttributeType
{
    Text,
    Number,

    /// <summary>Seconds.</summary>
    Duration,
    Time,

    /// <summary>One of a few words, kept under another spelling.</summary>
    Word,

    /// <summary>Something that is there or not.</summary>
    Flag,
}

/// <summary>What a run tells of itself, apart from its hyperparameters, metrics and tags.</summary>
/// <param name="Aliases">Further names, MLflow's among them.</param>
/// <param name="Sql">Over the tables Runs as r, Experiments as e and, joined where it is asked for, Trainings as tr.</param>
/// <param name="Meaning">For a person.</param>
/// <param name="IgnoreCase">Compared as names are; the column's collation does it for ASCII.</param>
/// <param name="Index">The column of Runs, or of Trainings, whose index has the order of <paramref name="Sql"/>.</param>
internal sealed record RunAttribute(string Name, string[] Aliases, AttributeType Type, string Sql, string Meaning, bool IgnoreCase = false,
    string? Index = null)
{
    /// <summary>Of a word: what is typed, and what is kept.</summary>
    public IReadOnlyDictionary<string, string>? Words { get; init; }

    public bool IsIndexOfTrainings { get; init; }

    /// <summary>A run has it only where it has a training.</summary>
    public bool IsOfTraining { get; } = Sql.Contains(ColumnSql.TrainingAlias, StringComparison.Ordinal);

    /// <summary>Written anew at the end of each epoch.</summary>
    public bool FollowsResults { get; init; }

    /// <summary>Thousands of characters, so that comparing one with a pattern can take as long as reading thousands of runs.</summary>
    public bool IsLong { get; init; }
}

/// <summary>The attributes by name.</summary>
internal static class RunAttributes
{
    public const string Archived = "archived";
    public const string Diverged = "diverged";
    public const string Created = "created";
    public const string Status = "status";
    public const string Experiment = "experiment";
    public const string Model = "model";
    public const string Device = "device";
    public const string EpochsDone = "epochs_done";
    public const string BestEpoch = "best_epoch";

    private static readonly Dictionary<string, string> Statuses = new(StringComparer.OrdinalIgnoreCase)
    {
        ["queued"] = nameof(RunStatus.Queued),
        ["running"] = nameof(RunStatus.Running),
        ["finished"] = nameof(RunStatus.Finished),
        ["stopped"] = nameof(RunStatus.Stopped),
        ["failed"] = nameof(RunStatus.Failed),
        ["interrupted"] = nameof(RunStatus.Interrupted),
        ["paused"] = nameof(RunStatus.Paused),
        // MLflow's words for two of them.
        ["scheduled"] = nameof(RunStatus.Queued),
        ["killed"] = nameof(RunStatus.Stopped),
    };

    private static readonly Dictionary<string, string> Triggers = Enum.GetNames<RunTrigger>()
        .ToDictionary(name => name.ToLowerInvariant(), StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyList<RunAttribute> All { get; } =
    [
        new("name", ["run_name", "run name"], AttributeType.Text, "r.\"Name\"", "the run's name", IgnoreCase: true, Index: "Name"),
        new("id", ["run_id"], AttributeType.Text, "r.\"Id\"", "32 hex digits", Index: "Id"),
        new(Experiment, ["experiment_name"], AttributeType.Text, "e.\"Name\"", "the experiment's name", IgnoreCase: true),
        new("experiment_id", [], AttributeType.Number, "r.\"ExperimentId\"", "the experiment's number"),
        new(Status, [], AttributeType.Word, "r.\"Status\"", "queued, running, finished, stopped, failed, interrupted or paused",
            Index: "Status") { Words = Statuses },
        new(Created, ["created_at"], AttributeType.Time, "r.\"CreatedAt\"", "when it was asked for", Index: "CreatedAt"),
        new("start_time", ["started", "started_at"], AttributeType.Time, "r.\"StartedAt\"", "when it began to train", Index: "StartedAt"),
        new("end_time", ["ended", "ended_at"], AttributeType.Time, "r.\"EndedAt\"", "when it ended", Index: "EndedAt"),
        new("duration", ["train_time"], AttributeType.Duration, $"NULLIF({Training("TrainSeconds")}, 0)", "time spent training",
            Index: "TrainSeconds") { IsIndexOfTrainings = true, FollowsResults = true },
        new(Device, ["device_kind"], AttributeType.Text, Training("DeviceKind"), "cpu or cuda, once it trains"),
        new("device_name", [], AttributeType.Text, Training("DeviceName"), "the device as its maker calls it"),
        new(Model, [], AttributeType.Text, Training("Model"), "the kind of network"),
        new("dataset", [], AttributeType.Text, Training("Dataset"), "the data set"),
        new("trigger", [], AttributeType.Word, "r.\"Trigger\"", "person, api or schedule") { Words = Triggers },
        new(Archived, [], AttributeType.Flag, "r.\"ArchivedAt\"", "true or false; archived runs are left out unless asked for"),
        new(Diverged, [], AttributeType.Flag, $"CASE WHEN {Training("Diverged")} THEN 1 END",
            "true or false; groups leave runs that diverged out of their figures unless the filter speaks of it"),
        new(EpochsDone, [], AttributeType.Number, Training("EpochsDone"), "finished epochs") { FollowsResults = true },
        new(BestEpoch, [], AttributeType.Number, Training("BestEpoch"),
            "the epoch that is best by the metric that decides for the run") { FollowsResults = true },
        new("parameters", ["model_size"], AttributeType.Number, Training("Parameters"), "weights of the network"),
        new("attempts", [], AttributeType.Number, Training("CurrentAttempt"), "trainer processes that worked on it"),
        new("notes", ["note"], AttributeType.Text, "NULLIF(r.\"Notes\", '')", "what a person wrote about it") { IsLong = true },
        new("error", [], AttributeType.Text, "r.\"Error\"", "why it failed or was interrupted") { IsLong = true },
        new("app_version", [], AttributeType.Text, "r.\"AppVersion\"", "the hub's version"),
        new("torch_version", [], AttributeType.Text, Training("TorchVersion"), "the version of torch"),
    ];

    private static readonly Dictionary<string, RunAttribute> ByName =
        All.SelectMany(attribute => attribute.Aliases.Append(attribute.Name).Select(name => (name, attribute)))
        .ToDictionary(pair => pair.name, pair => pair.attribute, StringComparer.OrdinalIgnoreCase);

    private static string Training(string column) => ColumnSql.OfTraining(column);

    public static RunAttribute? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The word that is shown for what is kept.</summary>
    public static string WordOf(string attribute, string kept) => Find(attribute)!.Words!.First(word => word.Value == kept).Key;

    /// <summary>Every name and alias that can be written without quotes.</summary>
    public static IEnumerable<string> Names => ByName.Keys.Where(name => !name.Contains(' ', StringComparison.Ordinal));
}
