using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Datasets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Web.Tests.Datasets;

public sealed class DatasetUploadTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Upload_FourFiles_MakeADataSetThatARunCanTrainOn(bool compressed)
    {
        await using var app = new HubApp();
        var files = TinyIdx.Files();

        var (response, body) = await UploadAsync(app, "My Digits", files.ToDictionary(f => f.Key, f => compressed ? TinyIdx.Gzip(f.Value) : f.Value),
            classNames: "zero\none");

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("/api/v1/datasets/my-digits", response.Headers.Location?.ToString());
        Assert.Equal("""{"label":1,"name":"one","trainSamples":3,"testSamples":1}""", body!["classes"]![1]!.ToJsonString());
        Assert.Equal((6, 2, 2, 3), ((int)body["trainSamples"]!, (int)body["testSamples"]!, (int)body["height"]!, (int)body["width"]!));
        Assert.Equal(["my-digits"], Folders(app));
        Assert.Equal(files.Values, DatasetFile.UsualNames.Select(name => File.ReadAllBytes(Path.Combine(app.Folder.Datasets, "my-digits", name))));
        var (run, _) = await app.PostAsync("/api/v1/runs", """{"experiment": "e", "spec": {"dataset": "my-digits", "batchSize": 6}}""");
        Assert.Equal(HttpStatusCode.Accepted, run.StatusCode);
        var (tooLarge, problem) = await app.PostAsync("/api/v1/runs", """{"experiment": "e", "spec": {"dataset": "my-digits", "batchSize": 7}}""");
        Assert.Equal(HttpStatusCode.BadRequest, tooLarge.StatusCode);
        Assert.Contains("from 1 to 6", problem!["errors"]!["spec.batchSize"]![0]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_AsManyDataSetsAsAHubKeeps_IsTakenAndOneMoreIsRefused()
    {
        await using var app = new HubApp();
        await using (var db = await app.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
        {
            db.OwnDatasets.AddRange(Enumerable.Range(1, Limits.OwnDatasets - 1).Select(i => new OwnDataset
            {
                Key = $"old-{i}", Name = $"Old {i}", TrainSamples = 1, TestSamples = 1, Classes = 2, Height = 1, Width = 1, ClassNames = [],
            }.With(["", "", "", ""])));
            await db.SaveChangesAsync();
        }

        var last = await UploadAsync(app, "last", TinyIdx.Files());
        var more = await UploadAsync(app, "one more", TinyIdx.Files());

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.BadRequest), (last.Response.StatusCode, more.Response.StatusCode));
        Assert.Contains("at most 500 data sets", more.Body!["errors"]!["name"]![0]!.GetValue<string>(), StringComparison.Ordinal);
    }

    public static TheoryData<string, string, byte[], string> Attacks()
    {
        var images = TinyIdx.Images(6);
        return new()
        {
            { "empty", "trainImages", [], "The file is empty" },
            { "header only", "trainImages", images[..16], "cannot hold more than 0" },
            { "cut off", "trainImages", images[..^1], "cannot hold" },
            { "cut off and compressed", "trainImages", TinyIdx.Gzip(images[..^1]), "ends after" },
            { "labels for images", "testImages", TinyIdx.Labels(1, 0, 1, 0, 1, 0, 1, 0, 1, 0), "starts with 0x00000801" },
            { "images for labels", "testLabels", TinyIdx.Images(2), "starts with 0x00000803" },
            { "a pickle", "trainImages", "\x80\x04\x95 no torch here, nor anywhere"u8.ToArray(), "starts with" },
            { "no images", "trainImages", TinyIdx.Header(0x803, 0, 2, 3), "from 1 to" },
            { "product beyond 64 bits", "trainImages", TinyIdx.Header(0x803, uint.MaxValue, uint.MaxValue, uint.MaxValue), "from 1 to" },
            { "promises a gigabyte", "trainImages", TinyIdx.Gzip(TinyIdx.Header(0x803, 64, 4_096, 4_096)), "cannot hold" },
            { "gzip bomb", "trainImages", TinyIdx.Gzip([.. images, .. new byte[50_000_000]]), "goes on" },
            { "two gzip files in a row", "trainImages", [.. TinyIdx.Gzip(images), .. TinyIdx.Gzip(images)], "goes on" },
            { "garbage behind", "trainImages", [.. TinyIdx.Gzip(images), 1, 2, 3], "goes on" },
            { "more labels than images", "trainLabels", TinyIdx.Labels(0, 1, 0, 1, 1, 0, 1), "6 images but 7 labels" },
            { "other size in the test set", "testImages", [.. TinyIdx.Header(0x803, 2, 3, 3), .. new byte[18]], "must have one size" },
            { "a class without images", "trainLabels", TinyIdx.Labels(0, 2, 0, 2, 2, 0), "No training image has label 1" },
            { "labels from 1", "trainLabels", TinyIdx.Labels(1, 2, 1, 2, 2, 1), "subtract 1" },
            { "one class", "trainLabels", TinyIdx.Labels(0, 0, 0, 0, 0, 0), "" },
        };
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Upload_BadFile_IsRefusedByNameAndLeavesNothing(string what, string field, byte[] content, string reason)
    {
        await using var app = new HubApp();
        var files = TinyIdx.Files();
        files[field] = content;

        var (response, body) = await UploadAsync(app, what, files);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, body!["errors"]![field]?[0]?.ToString() ?? $"nothing about {field}: {body}", StringComparison.Ordinal);
        Assert.Empty(Folders(app));
        Assert.Empty(app.Get<DatasetLibrary>().Own);
    }

    [Theory]
    [InlineData(null, "missing")]
    [InlineData("", "missing")]
    [InlineData("😀 !", "letter")]
    [InlineData("a\u202eb", "invisible")]
    [InlineData(" New!", "another name")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890", "at most 60")]
    public async Task Upload_BadName_IsRefused(string? name, string reason)
    {
        await using var app = new HubApp();

        var (response, body) = await UploadAsync(app, name, TinyIdx.Files());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, body!["errors"]!["name"]![0]!.ToString(), StringComparison.Ordinal);
        Assert.Empty(Folders(app));
    }

    /// <summary>Keys keep what tells names apart, in every script; addresses and folders take them.</summary>
    [Fact]
    public async Task Upload_NamesOfTheWorld_HaveKeysOfTheirOwn()
    {
        await using var app = new HubApp();
        string[] names = ["Größe", "Grüße", "手書き数字", "日本語", "हिन्दी अंक", string.Concat(Enumerable.Repeat("स्ते", 30))];
        foreach (var name in names)
        {
            var (response, body) = await UploadAsync(app, name, TinyIdx.Files(), classNames: "\ufeffzero\n日本");
            Assert.True(response.StatusCode == HttpStatusCode.Created, $"{name}: {body}");
            var key = body!["key"]!.ToString();
            Assert.Equal(HttpStatusCode.OK, (await app.GetAsync($"/api/v1/datasets/{Uri.EscapeDataString(key)}")).Response.StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await app.GetAsync(response.Headers.Location!.ToString())).Response.StatusCode);
            Assert.Equal(["zero", "日本"], body["classes"]!.AsArray().Select(one => one!["name"]!.ToString()));
            var (run, _) = await app.PostAsync("/api/v1/runs", $$$"""{"experiment": "e", "spec": {"dataset": "{{{key}}}", "batchSize": 6}}""");
            Assert.Equal(HttpStatusCode.Accepted, run.StatusCode);
        }

        Assert.Equal(names.Length, Folders(app).Length);
        Assert.Equal(HttpStatusCode.Conflict, (await UploadAsync(app, "gro\u0308ße", TinyIdx.Files())).Response.StatusCode);
    }

    [Theory]
    [InlineData("mnist")]
    [InlineData("Fashion MNIST")]
    [InlineData("MINE!")]
    public async Task Upload_NameThatIsTaken_Is409(string name)
    {
        await using var app = new HubApp();
        await UploadAsync(app, "mine", TinyIdx.Files());

        Assert.Equal(HttpStatusCode.Conflict, (await UploadAsync(app, name, TinyIdx.Files())).Response.StatusCode);
        Assert.Equal(["mine"], Folders(app));
    }

    [Fact]
    public async Task Upload_TwoOfOneNameAtOnce_MakeOneDataSet()
    {
        await using var app = new HubApp();

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => UploadAsync(app, "twice", TinyIdx.Files())));

        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.Conflict, HttpStatusCode.Conflict, HttpStatusCode.Conflict],
            answers.Select(a => a.Response.StatusCode).Order());
        Assert.Equal(["twice"], Folders(app));
    }

    [Theory]
    [InlineData("zero", "classNames", "1 class names")]
    [InlineData("a\nb\nc", "trainLabels", "label 2")]
    [InlineData("a\u0007\nb", "classNames", "control")]
    public async Task Upload_ClassNamesThatDoNotFit_AreRefused(string classNames, string field, string reason)
    {
        await using var app = new HubApp();

        var (response, body) = await UploadAsync(app, "named", TinyIdx.Files(), classNames);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, body!["errors"]![field]![0]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_FileMissing_NamesIt()
    {
        await using var app = new HubApp();

        var (response, body) = await UploadAsync(app, "three", TinyIdx.Files().Where(f => f.Key != "testLabels").ToDictionary());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull(body!["errors"]!["testLabels"]);
        Assert.Empty(Folders(app));
    }

    [Theory]
    [InlineData("../../evil")]
    [InlineData("/etc/evil")]
    [InlineData("..\\evil")]
    [InlineData(".incoming-evil")]
    public async Task Upload_FileNameOfTheOtherSide_IsNeverAPath(string fileName)
    {
        await using var app = new HubApp();

        Assert.Equal(HttpStatusCode.Created, (await UploadAsync(app, "safe", TinyIdx.Files(), fileName: fileName)).Response.StatusCode);
        Assert.Equal(DatasetFile.UsualNames.Order(StringComparer.Ordinal),
            Directory.EnumerateFileSystemEntries(app.Folder.Datasets, "*", SearchOption.AllDirectories).Where(File.Exists).Select(Path.GetFileName)
                .Order(StringComparer.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(app.Folder.Root)!, "evil*"));
    }

    [Theory]
    [InlineData("../../evil")]
    [InlineData("checked")]
    [InlineData("validationImages")]
    public async Task Upload_UnknownField_IsRefused(string field)
    {
        await using var app = new HubApp();
        var files = TinyIdx.Files();
        files[field] = [1, 2, 3];

        Assert.Equal(HttpStatusCode.BadRequest, (await UploadAsync(app, "fields", files)).Response.StatusCode);
        Assert.Empty(Folders(app));
    }

    [Fact]
    public async Task Upload_FileBeyondTheLimit_Is413AndLeavesNothing()
    {
        await using var app = new HubApp(settings: ("Hub:MaxUploadMebibytes", "1"));
        var files = TinyIdx.Files();
        files["trainImages"] = [.. TinyIdx.Header(0x803, 200_000, 2, 3), .. new byte[1_200_000]];

        var (response, body) = await UploadAsync(app, "large", files);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("1.0 MiB", (string)body!["detail"]!, StringComparison.Ordinal);
        Assert.Empty(Folders(app));
    }

    [Fact]
    public async Task Upload_AnnouncedBeyondTheLimit_Is413BeforeAnythingIsRead()
    {
        await using var app = new HubApp(settings: ("Hub:MaxUploadMebibytes", "1"));
        var body = new BrokenBody([], "nobody should read this");

        var context = await PostAsync(app, body, length: 6_000_000);

        Assert.Equal(StatusCodes.Status413PayloadTooLarge, context.Response.StatusCode);
        Assert.Equal(0, body.Reads);
    }

    [Fact]
    public async Task Upload_ConnectionBreaks_LeavesNothing()
    {
        await using var app = new HubApp();
        var whole = await Multipart("broken", TinyIdx.Files()).ReadAsByteArrayAsync();

        // Once inside each of its parts.
        foreach (var sent in new[] { 1, 80, 300, 500, 700, 900 })
        {
            var context = await PostAsync(app, new BrokenBody(whole[..Math.Min(sent, whole.Length - 1)], "the client went away"), length: null);

            Assert.Equal(StatusCodes.Status400BadRequest, context.Response.StatusCode);
            Assert.Empty(Folders(app));
        }
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("multipart/mixed; boundary=x")]
    [InlineData("multipart/form-data")]
    public async Task Upload_NotMultipart_Is415(string type)
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        using var content = new StringContent("{}");
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await client.PostAsync("/api/v1/datasets", content)).StatusCode);
    }

    [Fact]
    public async Task Leftovers_OfAHubThatWasKilled_GoAtTheNextStart()
    {
        await using var app = new HubApp();
        await UploadAsync(app, "kept", TinyIdx.Files());
        Directory.CreateDirectory(Path.Combine(app.Folder.Datasets, ".incoming-0123"));

        app.Get<DatasetUploads>().RemoveLeftovers();

        Assert.Equal(["kept"], Folders(app));
    }

    [Fact]
    public async Task Delete_WhileARunNeedsIt_IsRefused_AndLaterTheRunKeepsItsNumbers()
    {
        await using var app = new HubApp();
        await UploadAsync(app, "mine", TinyIdx.Files());
        using var client = app.CreateClient();
        var (_, run) = await app.PostAsync("/api/v1/runs", """{"experiment": "e", "spec": {"dataset": "mine", "batchSize": 2}}""");

        Assert.Equal(HttpStatusCode.Conflict, (await client.DeleteAsync("/api/v1/datasets/mine")).StatusCode);
        await StopAsync(app, (string)run!["id"]!);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync("/api/v1/datasets/mine")).StatusCode);

        Assert.Empty(Folders(app));
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/api/v1/datasets/mine")).StatusCode);
        Assert.Equal("mine", (string)(await app.GetAsync($"/api/v1/runs/{run["id"]}")).Body!["spec"]!["dataset"]!);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await app.PostAsync("/api/v1/runs", """{"experiment": "e", "spec": {"dataset": "mine"}}""")).Response.StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await UploadAsync(app, "mine", TinyIdx.Files())).Response.StatusCode);
    }

    [Theory]
    [InlineData("mnist", HttpStatusCode.Conflict)]
    [InlineData("nothing", HttpStatusCode.NotFound)]
    public async Task Delete_WhatWasNotUploaded_IsRefused(string key, HttpStatusCode expected)
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        Assert.Equal(expected, (await client.DeleteAsync($"/api/v1/datasets/{key}")).StatusCode);
    }

    private static string[] Folders(HubApp app) => Directory.Exists(app.Folder.Datasets)
        ? [.. Directory.EnumerateFileSystemEntries(app.Folder.Datasets).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)]
        : [];

    private static MultipartFormDataContent Multipart(string? name, Dictionary<string, byte[]> files, string? classNames = null,
        string fileName = "file")
    {
        var content = new MultipartFormDataContent();
        if (name is not null)
            content.Add(new StringContent(name), "name");
        if (classNames is not null)
            content.Add(new StringContent(classNames), "classNames");
        foreach (var (field, bytes) in files)
        {
            var part = new ByteArrayContent(bytes);
            // By hand, because the class for it would tidy the names up.
            part.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"{field}\"; filename=\"{fileName}\"");
            content.Add(part);
        }

        return content;
    }

    private static async Task<(HttpResponseMessage Response, JsonNode? Body)> UploadAsync(
        HubApp app, string? name, Dictionary<string, byte[]> files, string? classNames = null, string fileName = "file")
    {
        using var client = app.CreateClient();
        using var content = Multipart(name, files, classNames, fileName);
        var response = await client.PostAsync("/api/v1/datasets", content);
        return (response, await response.Content.ReadFromJsonAsync<JsonNode>());
    }

    private static async Task StopAsync(HubApp app, string run)
    {
        var ended = new TaskCompletionSource();
        using var listening = app.Get<Tracking.Runs.RunFeed>().Listen((_, _) => _ = LookAsync());
        await app.PostAsync($"/api/v1/runs/{run}/stop", "{}");
        await LookAsync();
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30));

        async Task LookAsync()
        {
            if ((string)(await app.GetAsync($"/api/v1/runs/{run}")).Body!["status"]! == "stopped")
                ended.TrySetResult();
        }
    }

    /// <summary>Calls the endpoint as the server does, with a body of the test's own.</summary>
    private static async Task<HttpContext> PostAsync(HubApp app, Stream body, long? length)
    {
        var endpoint = app.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Single(e => e.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName == "UploadDataset");
        var boundary = Encoding.ASCII.GetString((body as BrokenBody)!.Content).Split("\r\n")[0];
        var context = new DefaultHttpContext { RequestServices = app.Services };
        context.Request.Method = "POST";
        context.Request.ContentType = $"multipart/form-data; boundary={(boundary.Length > 2 ? boundary[2..] : "x")}";
        context.Request.ContentLength = length;
        context.Request.Body = body;
        await endpoint.RequestDelegate!(context);
        return context;
    }

    /// <summary>A request whose connection breaks after some bytes.</summary>
    private sealed class BrokenBody(byte[] content, string ending) : MemoryStream(content)
    {
        public byte[] Content { get; } = content;

        public int Reads { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reads++;
            var read = await base.ReadAsync(buffer, cancellationToken);
            return read > 0 ? read : throw new IOException(ending);
        }
    }
}
