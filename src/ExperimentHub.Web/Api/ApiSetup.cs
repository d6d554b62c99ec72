using System.Text.Json;
using System.Text.Json.Serialization;
using ExperimentHub.Web.Compare.Report;
using ExperimentHub.Web.Datasets;
using ExperimentHub.Web.Experiments;
using Microsoft.AspNetCore.Http.Json;

namespace ExperimentHub.Web.Api;

/// <summary>The HTTP API v1, its description and the health endpoints.</summary>
internal static class ApiSetup
{
    /// <summary>For what programs send: an unknown field is a mistake, and is refused by name.</summary>
    public static JsonSerializerOptions StrictJson { get; } = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
        RespectNullableAnnotations = true,
    };

    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.AddProblemDetails();
        services.AddOpenApi("v1", options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "ExperimentHub API";
            document.Info.Description = "Start, search, read, tag, pause, stop and delete runs; read and follow their metrics and evaluations; download checkpoints; clone, export and import experiments; upload and look at data sets. Times are ISO 8601 in UTC; accuracies are fractions.";
            return Task.CompletedTask;
        }));
        // A loss that ran away is written as "NaN" rather than making the whole run unreadable.
        services.Configure<JsonOptions>(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals);
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database", tags: ["ready"]);
        return services;
    }

    public static void MapApi(this WebApplication app)
    {
        // Whatever under /api has no answer of its own (no such endpoint, wrong method, wrong type) gets a problem, never a page.
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/api"), branch => branch.UseStatusCodePages());
        app.UseStorageAnswers();
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapHealthChecks("/healthz", new() { Predicate = _ => false, ResponseWriter = HealthAnswer.WriteAsync });
        app.MapHealthChecks("/readyz", new() { Predicate = check => check.Tags.Contains("ready"), ResponseWriter = HealthAnswer.WriteAsync });
        var api = app.MapGroup("/api/v1").WithTags("Runs");
        api.MapRuns();
        api.MapRunSearch();
        api.MapRunExport();
        api.MapRunBulk();
        api.MapViews();
        api.MapRunControl();
        api.MapEvaluations();
        api.MapSeries();
        api.MapManySeries();
        api.MapCompareReport();
        api.MapLive();
        api.MapAnnotations();
        var experiments = app.MapGroup("/api/v1").WithTags("Experiments");
        experiments.MapExperiments();
        experiments.MapExperimentFiles();
        var datasets = app.MapGroup("/api/v1").WithTags("Data sets");
        datasets.MapDatasets();
        datasets.MapDatasetUpload();
        datasets.MapDatasetImages();
    }
}
