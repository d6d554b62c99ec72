using System.Net;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Tests.Api;

public sealed class RunControlApiTests
{
    private static readonly string Hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("x"u8));

    [Fact]
    public async Task PauseAndResume_Queued_AnswerWithTheNewStatus()
    {
        await using var app = new HubApp();
        var id = await WaitingAsync(app);
        var (paused, body) = await app.PostAsync($"/api/v1/runs/{id}/pause", "");
        Assert.Equal((HttpStatusCode.Accepted, "paused"), (paused.StatusCode, body!["status"]!.GetValue<string>()));
        Assert.Single((await app.GetAsync("/api/v1/runs?status=paused")).Body!["items"]!.AsArray());
        var (resumed, again) = await app.PostAsync($"/api/v1/runs/{id}/resume", "");
        Assert.Equal((HttpStatusCode.Accepted, "queued"), (resumed.StatusCode, again!["status"]!.GetValue<string>()));
        var (twice, problem) = await app.PostAsync($"/api/v1/runs/{id}/resume", "");
        Assert.Equal(HttpStatusCode.Conflict, twice.StatusCode);
        Assert.Contains("waits or trains already", problem!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_Ended_IsAConflictWithWords()
    {
        await using var app = new HubApp();
        var (id, _) = await TrainedAsync(app, finish: true);
        Assert.Equal(HttpStatusCode.Conflict, (await app.PostAsync($"/api/v1/runs/{id}/pause", "")).Response.StatusCode);
        var (response, problem) = await app.PostAsync($"/api/v1/runs/{id}/resume", "");
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("train-on", problem!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pause", "")]
    [InlineData("resume", "")]
    [InlineData("reproduce", "")]
    [InlineData("train-on", """{"epochs": 1}""")]
    public async Task Control_UnknownRun_Is404(string action, string json)
    {
        await using var app = new HubApp();
        foreach (var id in new[] { "nonsense", new string('0', 32) })
            Assert.Equal(HttpStatusCode.NotFound, (await app.PostAsync($"/api/v1/runs/{id}/{action}", json)).Response.StatusCode);
    }

    [Fact]
    public async Task TrainOn_Finished_IsQueuedWithMoreEpochs()
    {
        await using var app = new HubApp();
        var (id, _) = await TrainedAsync(app, finish: true);
        Assert.Equal(HttpStatusCode.Conflict, (await app.PostAsync($"/api/v1/runs/{id}/train-on", """{"epochs": 0}""")).Response.StatusCode);
        Assert.NotNull((await app.PostAsync($"/api/v1/runs/{id}/train-on", """{"more": 1}""")).Body!["errors"]!["more"]);
        var (response, body) = await app.PostAsync($"/api/v1/runs/{id}/train-on", """{"epochs": 2}""");
        Assert.Equal((HttpStatusCode.Accepted, 7), (response.StatusCode, body!["spec"]!["epochs"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Reproduce_Finished_IsANewRun()
    {
        await using var app = new HubApp();
        var (id, _) = await TrainedAsync(app, finish: true);
        var (response, body) = await app.PostAsync($"/api/v1/runs/{id}/reproduce", "");
        Assert.Equal((HttpStatusCode.Accepted, id), (response.StatusCode, body!["reproduces"]!.GetValue<string>()));
        Assert.NotEqual(id, body["id"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.Conflict, (await app.PostAsync($"/api/v1/runs/{body["id"]}/reproduce", "")).Response.StatusCode);
    }

    [Fact]
    public async Task Start_Fork_IsToldAndRefusedWhereItCannotBe()
    {
        await using var app = new HubApp();
        var (id, _) = await TrainedAsync(app, finish: false);
        var (response, body) = await app.PostAsync("/api/v1/runs", Fork(id, 1));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal((id, 1), (body!["fork"]!["run"]!.GetValue<string>(), body["fork"]!["epoch"]!.GetValue<int>()));
        Assert.NotNull((await app.PostAsync("/api/v1/runs", Fork(id, 2))).Body!["errors"]!["fork.epoch"]);
        Assert.NotNull((await app.PostAsync("/api/v1/runs", Fork("nonsense", 1))).Body!["errors"]!["fork.run"]);
        Assert.NotNull((await app.PostAsync("/api/v1/runs", """{"experiment": "e", "fork": {"step": 1}}""")).Body!["errors"]!["fork.step"]);

        static string Fork(string run, int epoch) =>
            $$$"""{"experiment": "forks", "spec": {"device": "cuda"}, "fork": {"run": "{{{run}}}", "epoch": {{{epoch}}} }}""";
    }

    [Fact]
    public async Task Evaluations_OfARun_AreListedAndReadWhole()
    {
        await using var app = new HubApp();
        var (id, key) = await TrainedAsync(app, finish: false);
        Assert.Empty((await app.GetAsync($"/api/v1/runs/{id}/evaluations")).Body!["items"]!.AsArray());
        await app.Get<RunRecorder>().EvaluatedAsync(key, new EpochEvaluated(1, 2, [0, 1, 1], [1, 1, 0, 1], [new WorstImage(1, 0, 1, 2.5f, 0.9f)]));
        var item = (await app.GetAsync($"/api/v1/runs/{id}/evaluations")).Body!["items"]!.AsArray().Single()!;
        Assert.Equal((1, true, true, 3),
            (item["epoch"]!.GetValue<int>(), item["best"]!.GetValue<bool>(), item["last"]!.GetValue<bool>(), item["images"]!.GetValue<int>()));
        var read = (await app.GetAsync($"/api/v1/runs/{id}/evaluations/1")).Body!;
        Assert.Equal("[[1,1],[0,1]]", read["confusion"]!.ToJsonString());
        Assert.Equal("[0,1,1]", read["predictions"]!.ToJsonString());
        Assert.Equal("""{"class":1,"precision":0.5,"recall":1,"f1":0.6666666666666666,"support":1}""", read["perClass"]![1]!.ToJsonString());
        Assert.Equal("""{"index":1,"label":0,"prediction":1,"loss":2.5,"confidence":0.9}""", read["worst"]![0]!.ToJsonString());
        foreach (var path in new[] { $"{id}/evaluations/2", $"{id}/evaluations/x", "nonsense/evaluations", "nonsense/evaluations/1" })
            Assert.Equal(HttpStatusCode.NotFound, (await app.GetAsync($"/api/v1/runs/{path}")).Response.StatusCode);
    }

    /// <summary>In a group that this machine does not serve, so that nothing starts it.</summary>
    private static async Task<string> WaitingAsync(HubApp app) =>
        (await app.PostAsync("/api/v1/runs", """{"experiment": "e", "spec": {"device": "cuda"}}""")).Body!["id"]!.GetValue<string>();

    /// <summary>A run that the test itself trained for one epoch, with a checkpoint.</summary>
    private static async Task<(string Id, AttemptKey Key)> TrainedAsync(HubApp app, bool finish)
    {
        var id = await WaitingAsync(app);
        var key = (await app.Get<RunQueue>().ClaimAsync("cuda", _ => true))!.Key;
        var recorder = app.Get<RunRecorder>();
        recorder.Begin(key);
        await recorder.StartedAsync(key, new TrainingStarted(new DeviceInfo("cuda", 0, "Test GPU"), "2.10.0", 1, 7850, 60_000, 10_000, 1875));
        DataFolder.Create(app.Folder.CheckpointFolder(key.Run));
        await File.WriteAllTextAsync(Path.Combine(app.Folder.CheckpointFolder(key.Run), CheckpointName.For(1, 1)), "x");
        await recorder.EpochAsync(key, new EpochFinished(1, 0.4, 0.3, 0.9, 1) { Best = true });
        await app.Get<CheckpointRecorder>().SavedAsync(key, new CheckpointSaved(1, CheckpointName.For(1, 1), 1, Hash));
        if (finish)
            await recorder.EndAsync(key, AttemptEnding.Finished, null, 0);
        return (id, key);
    }
}
