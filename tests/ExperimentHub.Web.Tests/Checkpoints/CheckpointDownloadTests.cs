using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Tests.Checkpoints;

public sealed class CheckpointDownloadTests
{
    private static readonly byte[] Content = TinyCheckpoint.Of([.. Enumerable.Range(0, 135).Select(i => (byte)i)]);
    private static readonly string Hash = Convert.ToHexStringLower(SHA256.HashData(Content));

    [Fact]
    public async Task Download_Whole_HasNameHashAndBytes()
    {
        await using var app = new HubApp();
        var path = await SaveAsync(app, "brave \"falcon\"\r\n/12");
        using var client = app.CreateClient();
        var response = await client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{Hash}\"", response.Headers.ETag!.Tag);
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("brave--falcon----12-epoch-1.safetensors", response.Content.Headers.ContentDisposition.FileName);
    }

    [Fact]
    public async Task Download_Ranges_AreHonouredOnlyForTheSameFile()
    {
        await using var app = new HubApp();
        var path = await SaveAsync(app);
        using var client = app.CreateClient();
        Assert.Equal((HttpStatusCode.PartialContent, 100), await RangeAsync(client, path, 100, 199, $"\"{Hash}\""));
        Assert.Equal((HttpStatusCode.OK, 200), await RangeAsync(client, path, 100, 199, "\"another\""));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await RangeAsync(client, path, 5000, 6000, null)).Status);
    }

    [Fact]
    public async Task Download_ChangedOnDisk_Is409AndSendsNothing()
    {
        await using var app = new HubApp();
        var path = await SaveAsync(app);
        var file = Directory.EnumerateFiles(app.Folder.Runs, "*.safetensors", SearchOption.AllDirectories).Single();
        await File.WriteAllBytesAsync(file, [.. Content.Select(b => (byte)(b ^ 1))]);
        var (response, body) = await app.GetAsync(path);
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("SHA-256", body!["detail"]!.GetValue<string>());
    }

    /// <summary>Whatever somebody puts in a checkpoint's place: the answer comes at once, and nothing of it is handed out.</summary>
    [Theory]
    [InlineData("pipe")]
    [InlineData("folder")]
    [InlineData("device")]
    [InlineData("link")]
    public async Task Download_OfWhatIsNoFile_Is409AtOnce(string what)
    {
        await using var app = new HubApp();
        var path = await SaveAsync(app);
        var file = Directory.EnumerateFiles(app.Folder.Runs, "*.safetensors", SearchOption.AllDirectories).Single();
        var copy = Path.Combine(app.Folder.Root, "copy");
        File.Move(file, copy);
        if (what == "folder")
            Directory.CreateDirectory(file);
        else if (what == "pipe")
            using (var made = System.Diagnostics.Process.Start("mkfifo", [file]))
                await made.WaitForExitAsync();
        else
            File.CreateSymbolicLink(file, what == "device" ? "/dev/zero" : copy);
        var (response, body) = await app.GetAsync(path).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("not a file", body!["detail"]!.GetValue<string>());
    }

    /// <summary>Such a one can only have come in with an import of an older hub.</summary>
    [Fact]
    public async Task Download_OfAPickle_Is409()
    {
        await using var app = new HubApp();
        var path = await SaveAsync(app, content: [0x80, 2, .. "cposix\nsystem\n"u8]);
        var (response, body) = await app.GetAsync(path);
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("not a safetensors file", body!["detail"]!.GetValue<string>());
    }

    private static async Task<(HttpStatusCode Status, int Length)> RangeAsync(HttpClient client, string path, long from, long to, string? ifRange)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Range = new RangeHeaderValue(from, to);
        if (ifRange is not null)
            request.Headers.IfRange = new RangeConditionHeaderValue(ifRange);
        var response = await client.SendAsync(request);
        return (response.StatusCode, (await response.Content.ReadAsByteArrayAsync()).Length);
    }

    /// <summary>A run in a group that this machine does not serve, claimed by the test itself, with one recorded checkpoint.</summary>
    private static async Task<string> SaveAsync(HubApp app, string name = "run", byte[]? content = null)
    {
        var queued = await app.Get<RunQueue>().EnqueueAsync(new RunRequest("e", null, new TrainingSpec { Device = "cuda" }));
        var key = (await app.Get<RunQueue>().ClaimAsync("cuda", _ => true))!.Key;
        Assert.Equal(queued.Run, key.Run);
        await RenameAsync(app, key, name);
        var recorder = app.Get<RunRecorder>();
        recorder.Begin(key);
        DataFolder.Create(app.Folder.CheckpointFolder(key.Run));
        await File.WriteAllBytesAsync(Path.Combine(app.Folder.CheckpointFolder(key.Run), CheckpointName.For(1, 1)), content ?? Content);
        await recorder.EpochAsync(key, new EpochFinished(1, 0.4, 0.3, 0.9, 1));
        await app.Get<CheckpointRecorder>().SavedAsync(key, new CheckpointSaved(
            1, CheckpointName.For(1, 1), (content ?? Content).Length, Convert.ToHexStringLower(SHA256.HashData(content ?? Content))));
        return $"/api/v1/runs/{key.Run}/checkpoints/1";
    }

    /// <summary>Writes a name that the form would refuse, as an older hub might have.</summary>
    private static async Task RenameAsync(HubApp app, AttemptKey key, string name)
    {
        await using var db = await app.Get<Microsoft.EntityFrameworkCore.IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        (await db.Runs.FindAsync(key.RunNumber))!.Name = name;
        await db.SaveChangesAsync();
    }
}
