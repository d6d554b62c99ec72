using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ExperimentHub.Protocol;

namespace ExperimentHub.Web.Api;

/// <summary>Finds in a JSON text the object that has to say which kind it is, and does not or names a kind that there is not.</summary>
internal static class JsonKinds
{
    /// <returns>The first such object with the kinds there are; null where every one says it, or the text is no JSON.</returns>
    public static SpecProblem? Problem(ReadOnlyMemory<byte> json, JsonTypeInfo type)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Walk(document.RootElement, type, "");
        }
        // Half of a pair of surrogates is no text either.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static SpecProblem? Walk(JsonElement element, JsonTypeInfo type, string path)
    {
        if (type.PolymorphismOptions is { } kinds && element.ValueKind == JsonValueKind.Object)
            return Judge(element, kinds, path);
        return (element.ValueKind, type.Kind) switch
        {
            (JsonValueKind.Object, JsonTypeInfoKind.Object) => element.EnumerateObject()
                .Select(property => PropertyType(type, property.Name) is { } known ? Walk(property.Value, known, path.Length == 0 ? property.Name : $"{path}.{property.Name}") : null)
                .FirstOrDefault(problem => problem is not null),
            (JsonValueKind.Array, JsonTypeInfoKind.Enumerable) when type.ElementType is { } each => element.EnumerateArray().Index()
                .Select(item => Walk(item.Item, type.Options.GetTypeInfo(each), $"{path}[{item.Index}]")).FirstOrDefault(problem => problem is not null),
            _ => null,
        };
    }

    private static JsonTypeInfo? PropertyType(JsonTypeInfo type, string name) =>
        type.Properties.FirstOrDefault(property => string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase)) is { } found
            ? type.Options.GetTypeInfo(found.PropertyType)
            : null;

    private static SpecProblem? Judge(JsonElement element, JsonPolymorphismOptions kinds, string path)
    {
        var names = kinds.DerivedTypes.Select(kind => kind.TypeDiscriminator?.ToString()).ToList();
        var field = $"{path}.{kinds.TypeDiscriminatorPropertyName}";
        if (!element.TryGetProperty(kinds.TypeDiscriminatorPropertyName, out var said))
            return new SpecProblem(field, $"It must say what it is. Use one of: {string.Join(", ", names)}.");
        return said.ValueKind == JsonValueKind.String && names.Contains(said.GetString())
            ? null
            : new SpecProblem(field, $"There is no such {kinds.TypeDiscriminatorPropertyName}. Use one of: {string.Join(", ", names)}.");
    }
}
