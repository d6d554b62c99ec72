using System.Buffers.Binary;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;

namespace ExperimentHub.TestHub.OldFolders;

/// <summary>
/// Makes a data folder with a bit of everything that this version can keep, by real hubs with the real trainer on a data set so small that the whole
/// is. It is kept with
/// <see cref="OldFolder.Keep"/> and opened by every later version.
/// </summary>
public static class FullFolder
{
    /// <summary>The key of the data set that the folder's runs train on.</summary>
    public const string Dataset = "small-squares";

    public const string Key = "sent-twice";
    public const string KeyedRequest = """{"experiment": "squares", "name": "queued", "spec": {"dataset": "small-squares", "epochs": 2}}""";

    /// <summary>The run whose hub ends while it trains, and the one that was paused in the middle of an epoch.</summary>
    public const string Interrupted = "interrupted", Paused = "paused";

    public const int LongEpochs = 250;

    private const int Side = 8, Classes = 3, TrainImages = 240, TestImages = 30;
    private const string Model = """{"kind": "layers", "layers": [{"type": "flatten"}, {"type": "linear", "outFeatures": 3, "name": "out"}]}""";
    private const string Mlp = """{"kind": "mlp", "hiddenSizes": [3], "activation": "tanh", "batchNorm": true}""";

    private const string Unstable = """{"kind": "mlp", "hiddenSizes": [6, 6, 6]}""";

    private const string View = """
        {
            "filter": "status = 'finished'", "orderBy": "metrics.test_accuracy desc", "columns": [{"column": "params.lr", "width": 120}],
            "groupBy": ["params.model"], "density": "compact"
        }
        """;

    /// <summary>So many steps that a metric has more than a chunk of points, and that there is time to meet it in the middle.</summary>
    private static readonly string Long = Spec(Model, LongEpochs, 1, """ "checkpoints": {"every": 0, "last": 1} """);

    private static readonly string Short = Spec(Model, 1, 80);

    /// <param name="folder">A folder that is not there yet.</param>
    public static async Task MakeAsync(string folder)
    {
        var imported = await ElsewhereAsync();
        string parent, experiment;
        await using (var hub = await HubProcess.StartAsync(folder))
        {
            await UploadAsync(hub);
            experiment = await ExperimentAsync(hub);
            parent = await FinishAsync(hub, "finished", Spec(Mlp, 3, 40, """ "validation": {"samples": 30}, "gradientNorm": true """));
            await AnnotateAsync(hub, parent);
            await FinishAsync(hub, "policy", Spec(Model, 4, 80, """ "checkpoints": {"every": 2, "best": true, "last": 1} """));
            await FinishAsync(hub, "diverged", Spec(Unstable, 2, 8, """ "optimizer": {"kind": "sgd", "learningRate": 100} """));
            var fork = $$""", "fork": {"run": "{{parent}}", "epoch": 2}""";
            await FinishAsync(hub, "fork", Spec(Mlp, 1, 40, """ "optimizer": {"kind": "adam", "learningRate": 0.002} """), fork);
            await EndedAsync(hub, (await SendAsync(hub, HttpMethod.Post, $"runs/{parent}/reproduce"))["id"]!.GetValue<string>());
            var archived = await FinishAsync(hub, "archived", Short);
            await SendAsync(hub, HttpMethod.Post, "runs/bulk", $$"""{"action": "archive", "ids": ["{{archived}}"]}""");
            await SendAsync(hub, HttpMethod.Delete, $"runs/{await FinishAsync(hub, "deleted", Short)}");
            await FinishAsync(hub, "deleted with its experiment", Short, experiment: "forgotten");
            await SendAsync(hub, HttpMethod.Delete, $"experiments/{await IdOfAsync(hub, "forgotten")}");
            await StopAsync(hub, "stopped", "stop", "stopped");
            await StopAsync(hub, Paused, "pause", "paused");
            using var file = new ByteArrayContent(imported);
            file.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
            (await hub.Http.PostAsync(Address("experiments/import"), file)).EnsureSuccessStatusCode();
            await SendAsync(hub, HttpMethod.Put, "views/Best%20first", View);
        }

        await FailAsync(folder);
        await ByHandAsync(folder, int.Parse(experiment, CultureInfo.InvariantCulture));
        await using (var hub = await HubProcess.StartAsync(folder))
        {
            // The nights that were queued by hand, and then a hub that ends in the middle of everything.
            foreach (var night in (await GetAsync(hub, $"runs?filter={Uri.EscapeDataString("trigger = 'schedule'")}"))["items"]!.AsArray())
                await EndedAsync(hub, night!["id"]!.GetValue<string>());
            var running = (await RunAsync(hub, Interrupted, Long))["id"]!.GetValue<string>();
            (await FolderFacts.PostAsync(hub, "runs", KeyedRequest, Key)).EnsureSuccessStatusCode();
            await UntilAsync(hub, running, run => run["epochs"]!.AsArray().Count >= 2);
        }

        // What was deleted is removed for good after a week; this folder has to be whole whenever it is opened.
        OldFolder.Scalar(Path.Combine(folder, "hub.db"), "UPDATE \"Runs\" SET \"DeletedAt\" = '2100-01-01 00:00:00' WHERE \"DeletedAt\" IS NOT NULL");
        OldFolder.Scalar(Path.Combine(folder, "hub.db"),
            "UPDATE \"Experiments\" SET \"DeletedAt\" = '2100-01-01 00:00:00' WHERE \"DeletedAt\" IS NOT NULL");
    }

    private static string Spec(string model, int epochs, int batchSize, string more = "")
    {
        var beyond = more.Length > 0 ? $",{more}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"dataset": "{{Dataset}}", "model": {{model}}, "epochs": {{epochs}}, "batchSize": {{batchSize}}{{beyond}} }""");
    }

    /// <summary>An experiment with one run, as a file of another hub.</summary>
    private static async Task<byte[]> ElsewhereAsync()
    {
        var folder = HubProcess.NewFolder();
        try
        {
            await using var hub = await HubProcess.StartAsync(folder);
            await UploadAsync(hub);
            await FinishAsync(hub, "carried", Spec(Model, 2, 80, """ "seed": 7 """), experiment: "elsewhere");
            return await hub.Http.GetByteArrayAsync(Address($"experiments/{await IdOfAsync(hub, "elsewhere")}/export"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task UploadAsync(HubProcess hub)
    {
        using var form = new MultipartFormDataContent
            { { new StringContent("Small squares"), "name" }, { new StringContent("left\nmiddle\nright"), "classNames" } };
        foreach (var (split, count) in new[] { ("train", TrainImages), ("test", TestImages) })
        {
            form.Add(new ByteArrayContent(Images(count)), $"{split}Images", "images");
            form.Add(new ByteArrayContent(Labels(count)), $"{split}Labels", "labels");
        }

        (await hub.Http.PostAsync(Address("datasets"), form)).EnsureSuccessStatusCode();
    }

    /// <summary>A bright column pair per class, somewhat noisy.</summary>
    private static byte[] Images(int count) =>
        [.. Header(0x803, count, Side, Side),
            .. Enumerable.Range(0, count * Side * Side)
                .Select(i => (byte)(i % Side / 3 == i / (Side * Side) % Classes ? 160 + i * 7 % 60 : i * 13 % 90))];

    private static byte[] Labels(int count) => [.. Header(0x801, count), .. Enumerable.Range(0, count).Select(i => (byte)(i % Classes))];

    private static byte[] Header(params int[] fields)
    {
        var bytes = new byte[fields.Length * sizeof(int)];
        for (var i = 0; i < fields.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(i * sizeof(int)), fields[i]);
        return bytes;
    }

    /// <summary>With a description, a conclusion and three settings one after the other.</summary>
    private static async Task<string> ExperimentAsync(HubProcess hub)
    {
        var made = await SendAsync(hub, HttpMethod.Post, "experiments",
            $$"""{"name": "squares", "description": "Where is the *square*?", "defaultSpec": {{Short}} }""");
        var id = made["id"]!.ToString();
        await SendAsync(hub, HttpMethod.Patch, $"experiments/{id}", $$"""{"defaultSpec": {{Spec(Model, 1, 60)}} }""");
        await SendAsync(hub, HttpMethod.Patch, $"experiments/{id}",
            $$"""{"defaultSpec": {{Spec(Model, 1, 120)}}, "conclusion": "**Left**, mostly. Größer ist nicht besser."}""");
        return id;
    }

    private static async Task AnnotateAsync(HubProcess hub, string run)
    {
        await SendAsync(hub, HttpMethod.Put, $"runs/{run}/notes", """{"notes": "# Why\n\nBecause of the *edges* 🟦."}""");
        await SendAsync(hub, HttpMethod.Put, $"runs/{run}/tags/owner", """{"value": "anna"}""");
        await SendAsync(hub, HttpMethod.Put, $"runs/{run}/tags/gut%20genug");
    }

    private static async Task StopAsync(HubProcess hub, string name, string verb, string status)
    {
        var id = (await RunAsync(hub, name, Long))["id"]!.GetValue<string>();
        await UntilAsync(hub, id, run => run["epochs"]!.AsArray().Count >= 2);
        await SendAsync(hub, HttpMethod.Post, $"runs/{id}/{verb}");
        await UntilAsync(hub, id, run => run["status"]!.GetValue<string>() == status);
    }

    /// <summary>A run whose trainer dies in each of its attempts.</summary>
    private static async Task FailAsync(string folder)
    {
        using var dying = new FakeTrainer($"echo 'Nothing works.' >&2; {FakeTrainer.SayStarted}; {FakeTrainer.SayEpoch(1)}; exit 3");
        await using var hub = await HubProcess.StartAsync(folder, $"--Hub:TrainerPath={dying.Program}");
        var id = (await RunAsync(hub, "failed", Short))["id"]!.GetValue<string>();
        await UntilAsync(hub, id, run => run["status"]!.GetValue<string>() == "failed");
    }

    /// <summary>
    /// What has no API, or needs what this machine may not have: schedules with their nights, a metric of somebody's own, a run on a GPU.
    /// </summary>
    private static async Task ByHandAsync(string folder, int experiment)
    {
        await using var hub = await EmptyHub.CreateAsync(existing: folder);
        var schedules = hub.Get<ScheduleStore>();
        // In Quartz's form, and never due while this folder is of use.
        await schedules.CreateAsync(experiment, new ScheduleDraft("0 30 4 1 1 ? 2098", "America/New_York", NewSeedEachTime: false));
        var nightly = (await schedules.CreateAsync(experiment, new ScheduleDraft("0 0 3 * * ?", "Europe/Berlin"))).Id!.Value;
        await schedules.FireAsync(nightly, new DateTimeOffset(2026, 11, 28, 2, 0, 0, TimeSpan.Zero), manual: false);
        await schedules.FireAsync(nightly,
            new DateTimeOffset(2026, 11, 29, 2, 0, 0, TimeSpan.Zero), manual: false); // the first has not ended: skipped
        await schedules.SwitchAsync(nightly, false);

        var spec = new TrainingSpec
        { Dataset = Dataset, Epochs = 2, Device = DeviceRequest.Cuda, Model = new ModelSpec { Kind = ModelCatalog.SimpleNn } };
        var played = await PlayedRun.StartAsync(hub, spec, started: PlayedRun.Started("NVIDIA H200", kind: "cuda"));
        hub.Get<MetricWriter>().Append(played.Key.RunNumber, "odd_error",
        [
            .. Enumerable.Range(0, 2_500).Select(i => new MetricPoint(
                1 + i * 3L + i % 2, 1_700_000_000_000 + i * 7L, i % 500 == 3 ? double.NaN : i % 700 == 5 ? double.PositiveInfinity : 1.0 / (i + 1))),
        ]);
        await played.EpochAsync(1, accuracy: 0.8, weights: "played weights");
        await played.EvaluateAsync(1);
        await played.EpochAsync(2, accuracy: 0.7, best: false);
        await played.EndAsync();
        await hub.Get<RunAnnotations>().RenameAsync(played.Id, "played");
    }

    private static async Task<string> FinishAsync(HubProcess hub, string name, string spec, string more = "", string experiment = "squares")
    {
        var id = (await RunAsync(hub, name, spec, more, experiment))["id"]!.GetValue<string>();
        await EndedAsync(hub, id);
        return id;
    }

    private static async Task<JsonNode> RunAsync(HubProcess hub, string name, string spec, string more = "", string experiment = "squares") =>
        await SendAsync(hub, HttpMethod.Post, "runs", $$"""{"experiment": "{{experiment}}", "name": "{{name}}", "spec": {{spec}}{{more}}}""");

    private static Task<JsonNode> EndedAsync(HubProcess hub, string id) =>
        UntilAsync(hub, id, run => run["status"]!.GetValue<string>() is not ("queued" or "running"));

    /// <summary>Reads a run until it is as wanted.</summary>
    public static async Task<JsonNode> UntilAsync(HubProcess hub, string id, Func<JsonNode, bool> wanted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            var run = await hub.ReadRunAsync(id);
            if (wanted(run))
                return run;
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"The run did not come to where it was waited for: {run.ToJsonString()}");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private static async Task<string> IdOfAsync(HubProcess hub, string experiment) =>
        (await GetAsync(hub, "experiments?pageSize=100"))["items"]!.AsArray()
            .Single(one => one!["name"]!.GetValue<string>() == experiment)!["id"]!.ToString();

    private static async Task<JsonNode> GetAsync(HubProcess hub, string path) => JsonNode.Parse(await hub.Http.GetStringAsync(Address(path)))!;

    private static async Task<JsonNode> SendAsync(HubProcess hub, HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, Address(path))
        { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        using var answer = await hub.Http.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(body.Length == 0 ? "{}" : body)!
            : throw new InvalidOperationException($"{method} {path}: {(int)answer.StatusCode} {body}");
    }

    private static Uri Address(string path) => new($"/api/v1/{path}", UriKind.Relative);
}
