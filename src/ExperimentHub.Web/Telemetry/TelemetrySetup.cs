using System.Runtime.CompilerServices;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Telemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ExperimentHub.Web.Telemetry;

/// <summary>The exporters of what the rooms measure. Where nobody is to be told, not even their assemblies are loaded.</summary>
internal static class TelemetrySetup
{
    private const string PrometheusPath = "/metrics";

    /// <summary>Of .NET and of the libraries: requests, connections, circuits, the process, jobs.</summary>
    private static readonly string[] Meters =
    [
        HubMeter.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Components",
        "Microsoft.AspNetCore.Components.Server.Circuits", "System.Runtime", "Quartz",
    ];

    public static IServiceCollection AddTelemetry(this IServiceCollection services, TelemetryOptions options)
    {
        if (options.IsOn)
            AddExporters(services, options);
        return services;
    }

    public static void MapTelemetry(this WebApplication app, TelemetryOptions options)
    {
        if (options.IsOn)
            app.Services.GetRequiredService<HubGauges>();
        if (options.Prometheus)
            MapPrometheus(app);
    }

    // Apart, because a method that names a type loads it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddExporters(IServiceCollection services, TelemetryOptions options)
    {
        services.AddSingleton<HubGauges>();
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("experimenthub", serviceVersion: AppVersion.OfThisBuild.Text))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Meters);
                if (options.Prometheus)
                    metrics.AddPrometheusExporter();
                if (options.Otlp is not null)
                    metrics.AddOtlpExporter(otlp => Send(otlp, options, "metrics"));
            });
        if (options.Otlp is null)
            return;
        telemetry
            .WithTracing(tracing => tracing.AddSource(RunTrace.Name, "Quartz")
                // Whoever looks after the hub asks all day, and nobody asks after that.
                .AddAspNetCoreInstrumentation(requests =>
                    requests.Filter = context => context.Request.Path.Value is not (PrometheusPath or "/healthz" or "/readyz"))
                .AddOtlpExporter(otlp => Send(otlp, options, "traces")))
            .WithLogging(logging => logging.AddOtlpExporter(otlp => Send(otlp, options, "logs")),
                log => (log.IncludeScopes, log.IncludeFormattedMessage) = (true, true));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MapPrometheus(WebApplication app) => app.MapPrometheusScrapingEndpoint(PrometheusPath);

    private static void Send(OtlpExporterOptions otlp, TelemetryOptions options, string signal)
    {
        otlp.Protocol = options.OtlpOverHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        // An address that a program sets is taken as it is; over HTTP each kind has its own below it.
        otlp.Endpoint = options.OtlpOverHttp ? new Uri($"{options.Otlp!.ToString().TrimEnd('/')}/v1/{signal}") : options.Otlp!;
    }
}
