using System.Net;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Tests.Api;

/// <summary>Another program holds the write lock: programs hear so within seconds, and everything works again by itself.</summary>
public sealed class StorageAnswersTests
{
    [Fact]
    public async Task Writes_DatabaseLocked_AreRefusedInWordsAndSucceedAfterwards()
    {
        await using var app = new HubApp();
        var (_, first) = await app.PostAsync("/api/v1/runs", """{"experiment":"a"}""");
        var (_, second) = await app.PostAsync("/api/v1/runs", """{"experiment":"a"}""");
        await using (await WriteLock.TakeAsync(app.Folder.HubDatabase))
        {
            foreach (var path in new[] { "/api/v1/runs", $"/api/v1/runs/{second!["id"]}/pause", $"/api/v1/runs/{second["id"]}/stop" })
            {
                var (response, problem) = await app.PostAsync(path, """{"experiment":"b"}""");
                Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
                Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
                Assert.NotNull(response.Headers.RetryAfter?.Delta);
                Assert.Contains("another program has locked the database", (string?)problem!["detail"], StringComparison.Ordinal);
            }

            // Reading goes on.
            Assert.Equal(HttpStatusCode.OK, (await app.GetAsync($"/api/v1/runs/{first!["id"]}")).Response.StatusCode);
            var (status, words) = await ReadyAsync(app);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.StartsWith("Unhealthy\nNothing can be written since ", words, StringComparison.Ordinal);
        }

        Assert.Equal((HttpStatusCode.OK, "Healthy"), await ReadyAsync(app));
        Assert.Null(app.Get<StorageWatch>().Outage);
        Assert.Equal(HttpStatusCode.Accepted, (await app.PostAsync("/api/v1/runs", """{"experiment":"b"}""")).Response.StatusCode);
    }

    [Theory]
    [InlineData(100, null)]
    [InlineData(101, """{"every":2,"best":true,"last":5}""")]
    [InlineData(10_000, """{"every":100,"best":true,"last":5}""")]
    public async Task Start_ManyEpochs_SaysWhatIsKept(int epochs, string? kept)
    {
        await using var app = new HubApp();

        var (_, run) = await app.PostAsync("/api/v1/runs", $$"""{"experiment":"a","spec":{"epochs":{{epochs}} } }""");
        var (_, chosen) = await app.PostAsync("/api/v1/runs", $$"""{"experiment":"a","spec":{"epochs":{{epochs}},"checkpoints":{"every":1} } }""");

        Assert.Equal(kept, run!["spec"]!["checkpoints"]?.ToJsonString());
        Assert.Equal(1, (int)chosen!["spec"]!["checkpoints"]!["every"]!);
        // The experiment's own settings say nothing of it: a shorter run keeps all.
        Assert.Null((await app.Get<Tracking.Experiments.ExperimentStore>().FindAsync("a"))!.DefaultSpec.Checkpoints);
        await app.Get<RunQueue>().RequestStopAsync(RunId.Parse((string)run["id"]!, null));
    }

    private static async Task<(HttpStatusCode, string)> ReadyAsync(HubApp app)
    {
        using var client = app.CreateClient();
        using var response = await client.GetAsync("/readyz");
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
