using System.Text.Json.Nodes;

namespace ExperimentHub.Web.Tests.Api.Fuzzing;

/// <param name="Path">With the names of its parameters in braces.</param>
/// <param name="Body">The schema of its JSON body; null where it takes none, or none that is JSON.</param>
internal sealed record Operation(HttpMethod Method, string Path, IReadOnlyList<string> PathParameters, IReadOnlyList<string> QueryParameters,
    JsonNode? Body)
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "patch"];

    /// <summary>Everything that a description in OpenAPI names.</summary>
    public static IReadOnlyList<Operation> Of(JsonNode document) =>
    [
        .. from path in document["paths"]!.AsObject()
           from operation in path.Value!.AsObject()
           where Methods.Contains(operation.Key)
           select new Operation(new HttpMethod(operation.Key.ToUpperInvariant()), path.Key, Parameters(operation.Value!, "path"),
               Parameters(operation.Value!, "query"),
               operation.Value!["requestBody"]?["content"]?["application/json"]?["schema"]),
    ];

    public override string ToString() => $"{Method} {Path}";

    private static IReadOnlyList<string> Parameters(JsonNode operation, string place) =>
        [.. (operation["parameters"]?.AsArray() ?? []).Where(parameter => parameter!["in"]!.GetValue<string>() == place)
            .Select(parameter => parameter!["name"]!.GetValue<string>())];
}
