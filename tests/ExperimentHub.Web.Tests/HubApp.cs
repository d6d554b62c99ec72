using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.Web.Tests;

/// <summary>The whole app on a data folder of its own, with a scripted trainer. Requests go to it without a socket.</summary>
internal sealed class HubApp : WebApplicationFactory<Program>
{
    /// <summary>A trainer that waits for its stop, so that runs stay as the test left them.</summary>
    public static readonly string Waiting = $"{FakeTrainer.SayStarted}; read -r stop; {FakeTrainer.Say(new Protocol.Trainers.TrainingStopped())}";

    private readonly FakeTrainer _trainer;
    private readonly (string Name, string Value)[] _settings;
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-app-{Guid.NewGuid():N}");

    /// <param name="script">What the trainer does; <see cref="Waiting"/> where not given.</param>
    /// <param name="settings">Further settings of the hub.</param>
    public HubApp(string? script = null, params (string Name, string Value)[] settings)
    {
        _settings = settings;
        _trainer = new FakeTrainer(script ?? Waiting);
        ClientOptions.BaseAddress = new Uri("http://127.0.0.1:5080");
    }

    /// <summary>Adds or replaces services.</summary>
    public Action<IServiceCollection>? Configure { get; init; }

    public DataFolder Folder => Services.GetRequiredService<DataFolder>();

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Sends JSON as a program does and reads the JSON answer.</summary>
    public async Task<(HttpResponseMessage Response, JsonNode? Body)> PostAsync(string path, string json, string? key = null)
    {
        using var client = CreateClient();
        using var content = new StringContent(json, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        var response = await client.SendAsync(request);
        return (response, await ReadAsync(response));
    }

    /// <param name="headers">Such as If-Match, as they are written.</param>
    public async Task<(HttpResponseMessage Response, JsonNode? Body)> SendAsync(HttpMethod method, string path, string? json = null,
        params (string Name, string Value)[] headers)
    {
        using var client = CreateClient();
        using var content = json is null ? null : new StringContent(json, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await client.SendAsync(request);
        return (response, await ReadAsync(response));
    }

    public async Task<(HttpResponseMessage Response, JsonNode? Body)> GetAsync(string path)
    {
        using var client = CreateClient();
        var response = await client.GetAsync(path);
        return (response, await ReadAsync(response));
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseContentRoot(Repository.Root);
        builder.UseSetting("Urls", "http://127.0.0.1:0");
        builder.UseSetting("Logging:LogLevel:Default", "Warning");
        builder.UseSetting("Logging:LogLevel:Microsoft.Hosting.Lifetime", "Warning");
        builder.UseSetting("Hub:DataFolder", _folder);
        builder.UseSetting("Hub:DatasetFolder", Path.Combine(_folder, "datasets"));
        builder.UseSetting("Hub:TrainerPath", _trainer.Program);
        builder.UseSetting("Hub:StopGraceSeconds", "2");
        // A script takes the first line that it reads for the start of its training.
        builder.UseSetting("Hub:StandbyMebibytes", "0");
        foreach (var (name, value) in _settings)
            builder.UseSetting(name, value);
        if (Configure is { } configure)
            builder.ConfigureServices(configure);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _trainer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<JsonNode?> ReadAsync(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType is "application/json" or "application/problem+json"
            ? await response.Content.ReadFromJsonAsync<JsonNode>(JsonSerializerOptions.Web)
            : null;
}
