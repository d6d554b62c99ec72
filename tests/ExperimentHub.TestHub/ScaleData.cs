using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Migrations.Sqlite;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using Microsoft.Data.Sqlite;

namespace ExperimentHub.TestHub;

/// <summary>
/// Many runs with many hyperparameters and metrics, the same ones for the same seed. Made with prepared statements in one transaction, since the
/// hub's own way takes a fsync for each run; the long series go through the hub's own writer. No run is one that a hub would start to train.
/// </summary>
public sealed class ScaleData(int runs, int seed)
{
    public const int Params = 30;
    public const int Metrics = 20;
    public const int LongSeriesPoints = 100_000;

    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly string[] Statuses =
        ["Finished", "Finished", "Finished", "Finished", "Finished", "Finished", "Finished", "Failed", "Stopped", "Paused"];
    private static readonly string[] Models = ["simple-nn", "mlp", "lenet-5", "small-cnn"];
    private static readonly string[] Optimizers = ["sgd", "adam", "adamw", "rmsprop"];

    /// <summary>Hyperparameters beyond today's spec: numbers of few and of many values, and words.</summary>
    public static IReadOnlyList<string> MoreParams { get; } = [.. Enumerable.Range(1, Params - 10).Select(i => $"extra.knob{i:00}")];

    public static IReadOnlyList<string> MetricList { get; } =
        [MetricNames.TrainLoss, MetricNames.TestLoss, MetricNames.TestAccuracy, MetricNames.LearningRate, MetricNames.SamplesPerSecond,
            .. Enumerable.Range(1, Metrics - 5).Select(i => $"metric_{i:00}_loss")];

    /// <param name="hub">Without runs.</param>
    public async Task MakeAsync(EmptyHub hub)
    {
        var random = new Random(seed);
        await using var connection = new SqliteConnection(SqliteDatabase.ConnectionString(hub.Folder.HubDatabase));
        await connection.OpenAsync();
        await using (var command = connection.CreateCommand())
        {
            // Rows go to many places of many indices: with all of those in memory this takes a tenth of the time.
            command.CommandText = "PRAGMA cache_size = -2000000; PRAGMA synchronous = OFF";
            await command.ExecuteNonQueryAsync();
        }

        await using var transaction = (SqliteTransaction)await connection.BeginTransactionAsync();
        using var insert = new Inserts(connection, transaction);
        for (var i = 1; i <= 20; i++)
            insert.Experiment.Run(i, $"experiment {i}", ProtocolJson.Write(new TrainingSpec()), Text(Start), NameRule.Key($"experiment {i}"));
        var ids = new Dictionary<string, long>();
        for (var number = 1; number <= runs; number++)
            MakeRun(random, insert, ids, number);
        await transaction.CommitAsync();
        await LongSeriesAsync(hub);
    }

    private static void MakeRun(Random random, Inserts insert, Dictionary<string, long> ids, int number)
    {
        var created = Start.AddSeconds(number * 240.0);
        var seconds = 20 + 200 * random.NextDouble();
        var quality = random.NextDouble();
        var spec = Spec(random);
        var leaves = SpecParamsOf(spec);
        var status = Statuses[random.Next(Statuses.Length)];
        insert.Run.Run(number, RunId.New(new At(created)).ToString(), $"run {random.Next(1000):000}-{number}", 1 + random.Next(20), status,
            Text(created), Text(created.AddSeconds(1)), Text(created.AddSeconds(1 + seconds)), random.Next(20) == 0
                ? Text(created.AddDays(1)) : DBNull.Value);
        insert.Training.Run(number, spec["model"]!["kind"]!.GetValue<string>(),
            spec["dataset"]!.GetValue<string>(), spec["epochs"]!.GetValue<int>(), spec["batchSize"]!.GetValue<int>(),
            spec["optimizer"]!["learningRate"]!.GetValue<double>(),
            number, 5, quality, 0.5 + quality / 2, 5, seconds);
        insert.Spec.Run(number, spec.ToJsonString());
        foreach (var (name, value, text) in leaves)
        {
            if (!ids.TryGetValue(name, out var id))
                insert.ParamName.Run(id = ids[name] = ids.Count + 1, name);
            insert.Param.Run(id, number, value is { } known ? known : DBNull.Value, text);
        }

        foreach (var metric in MetricList)
        {
            var last = metric == MetricNames.TestAccuracy ? 0.5 + quality / 2 : Math.Exp(-3 * random.NextDouble()) + (1 - quality) / 5;
            var spread = random.NextDouble() / 10;
            var meaning = MetricMeaning.Supposed(metric);
            var higher = meaning.Direction == MetricDirection.HigherIsBetter;
            insert.Series.Run(number, metric, 1000, 0, 1, 1, 1000, new DateTimeOffset(created).ToUnixTimeMilliseconds(), last, last - spread, 500,
                last + spread, 700, higher ? last + spread : last - spread, 600,
                last + (higher ? spread : -spread) / 2, (int)meaning.Direction, (int)meaning.Role, (int)meaning.Split);
        }

        if (random.Next(10) == 0)
            insert.Tag.Run(number, "night", "", NameRule.Key("night"));
        if (random.Next(4) == 0)
            insert.Tag.Run(number, "owner", random.Next(2) == 0 ? "anna" : "ben", NameRule.Key("owner"));
    }

    private static JsonObject Spec(Random random)
    {
        var spec = JsonNode.Parse(ProtocolJson.Write(new TrainingSpec
        {
            Model = new ModelSpec { Kind = Models[random.Next(Models.Length)] },
            Epochs = 1 + random.Next(20),
            BatchSize = 16 << random.Next(6),
            Optimizer = new OptimizerSpec
            {
                Kind = Optimizers[random.Next(Optimizers.Length)],
                LearningRate = Math.Round(Math.Pow(10, -4 * random.NextDouble()), 6), Momentum = random.Next(10) / 10.0
            },
            Seed = random.Next(100),
        }))!.AsObject();
        var extra = new JsonObject();
        for (var i = 1; i <= MoreParams.Count; i++)
            extra[$"knob{i:00}"] = (i % 3) switch { 0 => random.Next(8), 1 => random.NextDouble(), _ => $"choice-{random.Next(12)}" };
        spec["extra"] = extra;
        return spec;
    }

    private static List<(string Name, double? Number, string Text)> SpecParamsOf(JsonNode node, string path = "") => node switch
    {
        JsonObject parent => [.. parent.SelectMany(child => SpecParamsOf(child.Value!, path.Length == 0 ? child.Key : $"{path}.{child.Key}"))],
        JsonValue leaf when leaf.GetValueKind() == JsonValueKind.Number =>
            [(path, double.Parse(leaf.ToJsonString(), CultureInfo.InvariantCulture), leaf.ToJsonString())],
        _ => [(path, null, node.GetValue<string>())],
    };

    private async Task LongSeriesAsync(EmptyHub hub)
    {
        var writer = hub.Get<MetricWriter>();
        var points = new MetricPoint[LongSeriesPoints];
        for (var number = 100; number <= runs; number += 100)
        {
            for (var i = 0; i < points.Length; i++)
                points[i] = new MetricPoint(i + 1, 1_767_225_600_000 + i, (float)(number % 7 + 1.0 / (i + 1)));
            await writer.AppendAsync(number, "long_loss", points);
        }

        await writer.FlushAsync();
    }

    private static string Text(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);

    private sealed class At(DateTime now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private sealed class Inserts(SqliteConnection connection, SqliteTransaction transaction) : IDisposable
    {
        public Insert Experiment { get; } = new(connection, transaction, "Experiments", "Id", "Name", "DefaultSpec", "CreatedAt", "NameKey");

        public Insert Run { get; } = new(connection, transaction, "Runs", "Number", "Id", "Name", "ExperimentId", "Status", "CreatedAt", "StartedAt",
            "EndedAt", "ArchivedAt")
        { Constants = { ["AppVersion"] = "scale", ["Trigger"] = "Api" } };

        public Insert Training { get; } = new(connection, transaction, "Trainings", "RunNumber", "Model", "Dataset", "PlannedEpochs", "BatchSize",
            "LearningRate", "QueuePosition",
            "EpochsDone", "LastTestAccuracy", "BestTestAccuracy", "BestEpoch", "TrainSeconds")
        { Constants = { ["DeviceGroup"] = "cpu", ["DeviceKind"] = "cpu", ["CurrentAttempt"] = 1L, ["Seed"] = 0L, ["Recipe"] = "" } };

        public Insert Spec { get; } = new(connection, transaction, "TrainingSpecs", "RunNumber", "Spec");

        public Insert ParamName { get; } = new(connection, transaction, "ParamNames", "Id", "Name");
        public Insert Param { get; } = new(connection, transaction, "RunParams", "ParamId", "RunNumber", "Number", "Text");

        public Insert Series { get; } = new(connection, transaction, "MetricSeries", "RunNumber", "Name", "Count", "NonFinite", "Chunks", "FirstStep",
            "LastStep", "LastTime", "Last", "Min", "MinStep", "Max",
            "MaxStep", "Best", "BestStep", "AtBest", "Direction", "Role", "Split");

        public Insert Tag { get; } = new(connection, transaction, "RunTags", "RunNumber", "Name", "Value", "NameKey");

        public void Dispose()
        {
            foreach (var insert in (Insert[])[Experiment, Run, Training, Spec, ParamName, Param, Series, Tag])
                insert.Dispose();
        }
    }

    private sealed class Insert(SqliteConnection connection, SqliteTransaction transaction, string table, params string[] columns) : IDisposable
    {
        private SqliteCommand? _command;

        public Dictionary<string, object> Constants { get; } = [];

        public void Run(params ReadOnlySpan<object> values)
        {
            _command ??= Prepare();
            for (var i = 0; i < values.Length; i++)
                _command.Parameters[i].Value = values[i];
            _command.ExecuteNonQuery();
        }

        public void Dispose() => _command?.Dispose();

        private SqliteCommand Prepare()
        {
            var command = connection.CreateCommand();
            command.Transaction = transaction;
            string[] all = [.. columns, .. Constants.Keys];
            command.CommandText =
                $"INSERT INTO \"{table}\" ({string.Join(", ", all.Select(column => $"\"{column}\""))}) VALUES ({string.Join(", ", all.Select(column => $"@{column}"))})";
            foreach (var column in all)
                command.Parameters.Add(new SqliteParameter($"@{column}", Constants.GetValueOrDefault(column)));
            return command;
        }
    }
}
