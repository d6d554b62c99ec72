using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Schedules;

namespace ExperimentHub.TestHub.OldFolders;

/// <summary>
/// Everything that a data folder holds, as a hub of this version answers for it: over HTTP, so that it means the same whatever the classes and tables
/// are called. Nothing trains
/// meanwhile, and nothing of it depends on the day, the time zone or the machine.
/// </summary>
public static class FolderFacts
{
    /// <summary>What of a run can be searched for, in the words of the API.</summary>
    private static readonly string[] Filters =
    [
        "status = 'finished'", "status = 'failed'", "status = 'paused'", "tags.owner = 'anna'", "tags.imported is not null",
        "params.batch_size = 1", "params.learning_rate > 1",
        "params.model = 'layers'", "metrics.test_accuracy >= 0", "max(metrics.odd_error) > 0", "device = 'cuda'",
        "notes ilike '%because%'", "diverged = true", "archived = true",
    ];

    private const string Columns = "name,experiment,status,params.model,params.learning_rate,best(metrics.test_accuracy),last(metrics.train_loss)";

    private static readonly string[] NotTheUsers = ["hub.db", "quartz.db", "hub.lock", "hub.db-wal", "hub.db-shm", "quartz.db-wal", "quartz.db-shm"];
    private static readonly string[] NotKept = ["keys", "trainers", "imports", "backups"];

    /// <summary>Opens the folder, which is updated where it is an old one, and restores what was deleted in it to read that as well.</summary>
    public static async Task<JsonObject> ReadAsync(string folder)
    {
        var facts = new JsonObject();
        // A machine without any device: what waits goes on waiting.
        using var nobody = new FakeTrainer("exit 1", new SelfTestReport(true, "2.10.0", "CPU", [], 1, 2.3, null, null));
        await using (var hub = await HubProcess.StartAsync(folder, $"--Hub:TrainerPath={nobody.Program}"))
        {
            facts["experiments"] = await ListAsync(hub, "experiments?");
            foreach (var experiment in facts["experiments"]!.AsArray())
                experiment!["settings"] = (await GetAsync(hub, $"experiments/{experiment["id"]}/settings"))["items"]!.DeepClone();
            facts["runs"] = await RunsAsync(hub,
                await ListAsync(hub, "runs?orderBy=created&filter=" + Uri.EscapeDataString("archived = true or archived = false")));
            facts["found"] = new JsonObject((await Task.WhenAll(
                Filters.Select(async filter => KeyValuePair.Create(filter, (JsonNode?)await NamesAsync(hub, filter))))).ToArray());
            facts["table"] = await hub.Http.GetStringAsync(Address($"runs/export?format=csv&orderBy=created&columns={Columns}"));
            facts["views"] = await GetAsync(hub, "views");
            facts["dataset"] = await GetAsync(hub, $"datasets/{FullFolder.Dataset}");
            facts["deleted"] = await GetAsync(hub, "deleted");
            facts["restored"] = await RestoredAsync(hub, facts["deleted"]!);
            facts["repeated request"] = await RepeatedAsync(hub);
        }

        facts["schedules"] = await SchedulesAsync(folder);
        facts["files"] = Files(folder);
        return facts;
    }

    private static Uri Address(string path) => new($"/api/v1/{path}", UriKind.Relative);

    private static async Task<JsonNode> GetAsync(HubProcess hub, string path) => JsonNode.Parse(await hub.Http.GetStringAsync(Address(path)))!;

    private static async Task<JsonArray> ListAsync(HubProcess hub, string path)
    {
        var items = new JsonArray();
        string? next = null;
        do
        {
            var page = await GetAsync(hub, $"{path}&pageSize=100{(next is null ? "" : $"&pageToken={Uri.EscapeDataString(next)}")}");
            foreach (var item in page["items"]!.AsArray())
                items.Add(item!.DeepClone());
            next = page["nextPageToken"]?.GetValue<string>();
        }
        while (next is not null);
        return items;
    }

    private static async Task<JsonArray> NamesAsync(HubProcess hub, string filter) =>
        [.. (await ListAsync(hub, $"runs?orderBy=created&filter={Uri.EscapeDataString(filter)}"))
            .Select(run => (JsonNode?)run!["name"]!.GetValue<string>())];

    private static async Task<JsonArray> RunsAsync(HubProcess hub, JsonArray items)
    {
        var runs = new JsonArray();
        foreach (var item in items)
        {
            var id = item!["id"]!.GetValue<string>();
            var run = await GetAsync(hub, $"runs/{id}");
            run["inLists"] = item.DeepClone();
            run["points"] = Points(await hub.Http.GetStringAsync(Address($"runs/{id}/series?format=csv")));
            run["evaluations"] = new JsonArray();
            foreach (var listed in (await GetAsync(hub, $"runs/{id}/evaluations"))["items"]!.AsArray())
            {
                var evaluation = await GetAsync(hub, $"runs/{id}/evaluations/{listed!["epoch"]}");
                evaluation["predictions"] = string.Join(' ', evaluation["predictions"]!.AsArray().Select(image => image!.ToString()));
                run["evaluations"]!.AsArray().Add(evaluation);
            }

            foreach (var checkpoint in run["checkpoints"]!.AsArray())
                checkpoint!["downloaded"] = Hash(await hub.Http.GetByteArrayAsync(Address($"runs/{id}/checkpoints/{checkpoint["epoch"]}")));
            runs.Add(run);
        }

        return runs;
    }

    /// <summary>Of each metric how many points there are, their hash, and the first and the last.</summary>
    private static JsonObject Points(string csv)
    {
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(',')).ToList();
        var (step, time, metric, value) = (lines[0].IndexOf("step"), lines[0].IndexOf("time"), lines[0].IndexOf("metric"), lines[0].IndexOf("value"));
        return new JsonObject(lines.Skip(1).GroupBy(line => line[metric]).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group =>
        {
            var points = group.Select(line => $"{line[step]} {line[time]} {line[value]}").ToList();
            return KeyValuePair.Create(group.Key, (JsonNode?)new JsonObject
            {
                ["count"] = points.Count,
                ["sha256"] = Hash(Encoding.UTF8.GetBytes(string.Join('\n', points))),
                ["first"] = points[0],
                ["last"] = points[^1],
            });
        }));
    }

    private static async Task<JsonNode> RestoredAsync(HubProcess hub, JsonNode deleted)
    {
        if (deleted["experiments"]!.AsArray().Count == 0 || deleted["runs"]!.AsArray().Count == 0)
            return new JsonArray();
        foreach (var experiment in deleted["experiments"]!.AsArray())
            (await hub.Http.PostAsync(Address($"experiments/{experiment!["id"]}/restore"), null)).EnsureSuccessStatusCode();
        var runs = deleted["runs"]!.AsArray().Select(run => run!["id"]!.GetValue<string>()).ToArray();
        (await PostAsync(hub, "runs/restore", JsonSerializer.Serialize(new { ids = runs }))).EnsureSuccessStatusCode();
        var filter = $"experiment in ({string.Join(", ", deleted["experiments"]!.AsArray().Select(experiment => $"'{experiment!["name"]}'"))})";
        var found = new JsonArray([.. (await ListAsync(hub, $"runs?orderBy=created&filter={Uri.EscapeDataString(filter)}"))
            .Select(run => run!.DeepClone())]);
        foreach (var id in runs)
            found.Add(await GetAsync(hub, $"runs/{id}"));
        return await RunsAsync(hub, found);
    }

    /// <summary>A request that was sent when the folder was made and is sent again makes no second run.</summary>
    private static async Task<JsonNode> RepeatedAsync(HubProcess hub)
    {
        using var answer = await PostAsync(hub, "runs", FullFolder.KeyedRequest, FullFolder.Key);
        return JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!["id"]!.DeepClone();
    }

    internal static async Task<HttpResponseMessage> PostAsync(HubProcess hub, string path, string json, string? key = null)
    {
        using var content = new StringContent(json, new MediaTypeHeaderValue("application/json"));
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(path)) { Content = content };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await hub.Http.SendAsync(request);
    }

    /// <summary>There is no API for these yet.</summary>
    private static async Task<JsonArray> SchedulesAsync(string folder)
    {
        await using var hub = await EmptyHub.CreateAsync(existing: folder);
        return
        [
            .. (await hub.Get<ScheduleStore>().ListAsync(fires: ScheduleStore.FiresRead)).Select(details => (JsonNode?)new JsonObject
            {
                ["experiment"] = details.Schedule.Experiment.Name,
                ["typed"] = details.Schedule.CronTyped,
                ["cron"] = details.Schedule.Cron,
                ["zone"] = details.Schedule.TimeZone,
                ["enabled"] = details.Schedule.Enabled,
                ["newSeeds"] = details.Schedule.NewSeedEachTime,
                ["created"] = details.Schedule.CreatedAt,
                ["fires"] = new JsonArray([.. details.Fires.Select(fire => (JsonNode?)new JsonObject
                {
                    ["number"] = fire.Fire.Number,
                    ["due"] = fire.Fire.DueAt,
                    ["fired"] = fire.Fire.FiredAt,
                    ["manual"] = fire.Fire.Manual,
                    ["outcome"] = fire.Fire.Outcome.ToString(),
                    ["note"] = fire.Fire.Note,
                    ["run"] = fire.Fire.RunId?.ToString(),
                })]),
            }),
        ];
    }

    /// <summary>
    /// The size of every file by its content, wherever a version puts it: checkpoints with what goes on from them, logs, data sets.
    /// </summary>
    private static JsonObject Files(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !NotTheUsers.Contains(Path.GetRelativePath(folder, file))
                && !NotKept.Contains(Path.GetRelativePath(folder, file).Split('/')[0]))
            .Select(file => (Hash: Hash(File.ReadAllBytes(file)), new FileInfo(file).Length)).DistinctBy(file => file.Hash)
                .OrderBy(file => file.Hash, StringComparer.Ordinal)
            .Select(file => KeyValuePair.Create(file.Hash, (JsonNode?)file.Length)));

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
