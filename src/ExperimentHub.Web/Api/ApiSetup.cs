using System.Text.Json;
using System.Text.Json.Serialization;
using ExperimentHub.Web.Checkpoints;
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
        // Which of two was meant nobody knows; and programs that sort their keys put a kind where it falls.
        AllowDuplicateProperties = false,
        AllowOutOfOrderMetadataProperties = true,
    };

    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.AddProblemDetails();
        // Otherwise a parameter that cannot be read is an empty answer.
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true);
        services.AddOpenApi("v1", options =>
        {
            // It goes without saying beside each GET, and two operations of one name are no valid description.
            options.ShouldInclude = description => description.HttpMethod != HttpMethods.Head;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info.Title = "ExperimentHub API";
                document.Info.Description =
                    "Start, search, read, tag, pause, stop and delete runs; read and follow their metrics and evaluations; download checkpoints; "
                        + "make, change, clone, delete, export "
                    + "and import experiments; upload and look at data sets; list the hubs that share a database. "
                    + "Times are ISO 8601 in UTC; accuracies are fractions. HEAD is answered wherever GET is. What is refused is answered with "
                    + "problem "
                    + "details (application/problem+json). Bodies are JSON as UTF-8 and come uncompressed.";
                return Task.CompletedTask;
            });
        });
        // A loss that ran away is written as "NaN" rather than making the whole run unreadable.
        services.Configure<JsonOptions>(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals);
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database", tags: ["ready"]).AddCheck<SchemaHealth>("schema", tags: ["ready", "live"]);
        return services;
    }

    public static void MapApi(this WebApplication app)
    {
        app.UseStorageAnswers();
        app.UseRequestQueries();
        app.MapOpenApi("/openapi/{documentName}.json").AnswerHead();
        app.MapHealthChecks("/healthz", new() { Predicate = check => check.Tags.Contains("live"), ResponseWriter = HealthAnswer.WriteAsync });
        app.MapHealthChecks("/readyz", new() { Predicate = check => check.Tags.Contains("ready"), ResponseWriter = HealthAnswer.WriteAsync });
        var v1 = app.MapGroup("/api/v1");
        v1.AnswerHead();
        v1.AddEndpointFilter(ApiProblems.RefuseEncodedBodyAsync).AddEndpointFilter(HeadRequests.LeaveOutTheBodyAsync);
        var api = v1.MapGroup("").WithTags("Runs");
        api.MapRuns();
        api.MapRunSearch();
        api.MapRunExport();
        api.MapRunBulk();
        api.MapViews();
        api.MapRunControl();
        api.MapEvaluations();
        api.MapSeries();
        api.MapMetrics();
        api.MapManySeries();
        api.MapCompareReport();
        api.MapLive();
        api.MapManyLive();
        api.MapAnnotations();
        api.MapDeleted();
        var experiments = v1.MapGroup("").WithTags("Experiments");
        experiments.MapExperiments();
        experiments.MapExperimentEdits();
        experiments.MapExperimentFiles();
        var datasets = v1.MapGroup("").WithTags("Data sets");
        datasets.MapDatasets();
        datasets.MapDatasetUpload();
        datasets.MapDatasetImages();
        v1.MapGroup("").WithTags("Checkpoints").MapCheckpointDownloads();
        v1.MapGroup("").WithTags("Nodes").MapNodes();
    }
}
