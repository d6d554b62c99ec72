using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Telemetry;
using ExperimentHub.Web.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ExperimentHub.Web.Tests.Telemetry;

public sealed class TelemetryTests
{
    /// <summary>Milliseconds.</summary>
    private const int Patience = 60_000;

    private static readonly Uri Metrics = new("/metrics", UriKind.Relative);

    [Fact]
    public async Task Hub_ByDefault_ExportsNothing()
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        using var answer = await client.GetAsync(Metrics, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Null(app.Services.GetService<MeterProvider>());
        Assert.Null(app.Services.GetService<TracerProvider>());
        Assert.Null(app.Services.GetService<HubGauges>());
    }

    [Fact]
    public async Task Prometheus_WithARunThatTrains_SaysHowTheHubIs()
    {
        await using var app = new HubApp(settings: ("Hub:Telemetry:Prometheus", "true"));
        var (_, body) = await app.PostAsync("/api/v1/runs", """{"experiment": "watched", "spec": {"device": "cpu"}}""");
        await WaitForAsync(app, RunId.Parse(body!["id"]!.GetValue<string>(), null), run => run.Status == RunStatus.Running);
        using var client = app.CreateClient();
        var text = await client.GetStringAsync(Metrics, TestContext.Current.CancellationToken);

        Assert.Null(app.Services.GetService<TracerProvider>());
        foreach (var line in (string[])
        [
            """experimenthub_runs\{.*status="running".*\} 1\b""", """experimenthub_queue_length\{.*group="cpu".*\} 0\b""",
            """experimenthub_device_slots\{.*device="cpu".*\} 1\b""", """experimenthub_device_slots_used\{.*device="cpu".*\} 1\b""",
            """experimenthub_queue_wait_seconds_count\{.*group="cpu".*\} [1-9]""",
            """http_server_request_duration_seconds_count\{.*http_route="/api/v1/runs""",
            "dotnet_process_cpu_time_seconds_total", "dotnet_process_memory_working_set_bytes",
        ])
            Assert.Matches(new Regex($"^{line}", RegexOptions.Multiline), text);
    }

    /// <summary>It says no more than the pages do, and to nobody else.</summary>
    [Fact]
    public async Task Prometheus_AskedByAForeignPageOrUnderAnotherName_IsRefused()
    {
        await using var app = new HubApp(settings: ("Hub:Telemetry:Prometheus", "true"));
        using var client = app.CreateClient();
        using var foreign = new HttpRequestMessage(HttpMethod.Get, Metrics)
        { Headers = { { "Sec-Fetch-Site", "cross-site" }, { "Sec-Fetch-Mode", "no-cors" } } };
        using var refused = await client.SendAsync(foreign, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var elsewhere = await client.GetAsync(new Uri("http://evil.example/metrics"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Otlp_WithACollector_SendsMetricsTheTraceOfTheRunAndLogsThatNameIt()
    {
        var bodies = new ConcurrentQueue<(string Path, byte[] Body)>();
        await using var collector = await CollectAsync(bodies);
        string id;
        await using (var app = new HubApp(
            $"{FakeTrainer.SayStarted}; {FakeTrainer.Say(new TrainingFinished())}",
            ("Hub:Telemetry:Otlp", collector.Urls.Single()), ("Hub:Telemetry:OtlpProtocol", "http"), ("Logging:LogLevel:Default", "Information")))
        {
            var (_, body) = await app.PostAsync("/api/v1/runs", """{"experiment": "watched", "spec": {"device": "cpu"}}""");
            id = body!["id"]!.GetValue<string>();
            await WaitForAsync(app, RunId.Parse(id, null), run => run.Status == RunStatus.Finished);
            using var client = app.CreateClient();
            Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(Metrics, TestContext.Current.CancellationToken)).StatusCode);
            // The hub's end sends what is left as well, but waits 5 s for it and no longer, which a starved machine may need for itself.
            Assert.True(app.Services.GetRequiredService<MeterProvider>().ForceFlush(Patience));
            Assert.True(app.Services.GetRequiredService<TracerProvider>().ForceFlush(Patience));
            Assert.True(app.Services.GetRequiredService<LoggerProvider>().ForceFlush(Patience));
        }

        Assert.Contains(bodies, sent => sent.Path == "/v1/metrics" && Has(sent.Body, "experimenthub.runs"u8));
        Assert.Contains(bodies, sent => sent.Path == "/v1/traces" && Has(sent.Body, Convert.FromHexString(id)) && Has(sent.Body, "run queued"u8));
        Assert.Contains(bodies, sent => sent.Path == "/v1/logs" && Has(sent.Body, System.Text.Encoding.UTF8.GetBytes(id)));
    }

    [Theory]
    [InlineData("Prometheus", "yes", "true or false")]
    [InlineData("Otlp", "collector", "http://127.0.0.1:4317")]
    [InlineData("Otlp", "ftp://collector", "http://127.0.0.1:4317")]
    [InlineData("OtlpProtocol", "udp", "grpc or http")]
    public void Settings_ThatAreWrong_AreNamedWithWhatIsAllowed(string name, string value, string allowed)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new($"Hub:Telemetry:{name}", value)]).Build();
        List<string> problems = [];
        TelemetryOptions.Read(settings.GetSection("Hub:Telemetry"), problems);
        Assert.Contains($"Hub:Telemetry:{name} is '{value}'", Assert.Single(problems));
        Assert.Contains(allowed, problems[0]);
    }

    private static bool Has(byte[] body, ReadOnlySpan<byte> part) => body.AsSpan().IndexOf(part) >= 0;

    /// <summary>A collector that keeps what it is sent.</summary>
    private static async Task<WebApplication> CollectAsync(ConcurrentQueue<(string Path, byte[] Body)> bodies)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            bodies.Enqueue((context.Request.Path, body.ToArray()));
            context.Response.StatusCode = StatusCodes.Status200OK;
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static async Task WaitForAsync(HubApp app, RunId id, Func<Run, bool> condition)
    {
        using var changed = new SemaphoreSlim(1);
        using var listening = app.Get<RunFeed>().Listen((_, _) => changed.Release());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        do
            await changed.WaitAsync(limit.Token);
        while (!condition((await app.Get<RunHistory>().FindAsync(id, limit.Token))!.Run));
    }
}
