using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ExperimentHub.Protocol;

namespace ExperimentHub.Web.Api;

/// <summary>
/// Finds out why a JSON text is not what a type expects, in the API's words: which field, and what belongs there. It goes by the text and by what
/// the serializer knows of the type, not by the words of its exceptions.
/// </summary>
internal static class JsonShape
{
    /// <summary>The serializer's own limit.</summary>
    private const int MostDeep = 64;

    /// <param name="json">What the serializer has refused.</param>
    /// <param name="type">What it was to be.</param>
    /// <param name="refusal">The serializer's; it says where it was.</param>
    public static SpecProblem Problem(ReadOnlyMemory<byte> json, JsonTypeInfo type, Exception refusal)
    {
        var place = Place(refusal as JsonException);
        try
        {
            return Syntax(json, refusal as JsonException) ?? Walk(Parse(json), type, "")
                ?? new SpecProblem(place, refusal is NotSupportedException
                    ? "An object in the body does not say which kind it is." : "The value cannot be read: another one is expected.");
        }
        // Half of a pair of surrogates is no text. In a value the walk says so.
        catch (InvalidOperationException)
        {
            return new SpecProblem("body", "A name in the body is no text: it has half of a surrogate pair.");
        }
    }

    /// <summary>What is no JSON at all, or nested too deeply to be read.</summary>
    private static SpecProblem? Syntax(ReadOnlyMemory<byte> json, JsonException? refusal)
    {
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth >= MostDeep && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
                    return new SpecProblem(Place(refusal), "The value cannot be read: it is nested too deeply.");
            }

            return null;
        }
        catch (JsonException e)
        {
            // The serializer may have stopped before this, at something else.
            var same = refusal?.LineNumber == e.LineNumber && refusal?.BytePositionInLine == e.BytePositionInLine;
            return new SpecProblem(same ? Place(refusal) : "body",
                string.Create(CultureInfo.InvariantCulture,
                    $"The value cannot be read: it is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})."));
        }
    }

    private static string Place(JsonException? refusal) =>
        (refusal?.Path ?? "").TrimStart('$').TrimStart('.') is { Length: > 0 } path ? path : "body";

    private static JsonElement Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    /// <summary>The first thing that does not fit, in the order of the text.</summary>
    private static SpecProblem? Walk(JsonElement element, JsonTypeInfo type, string path)
    {
        if (element.ValueKind == JsonValueKind.Null)
            return null; // whether it may be null is the property's to say
        if (type.PolymorphismOptions is { } kinds && element.ValueKind == JsonValueKind.Object)
        {
            if (KindProblem(element, kinds, path) is { } unknown)
                return unknown;
            var said = element.GetProperty(kinds.TypeDiscriminatorPropertyName).GetString();
            var kind = kinds.DerivedTypes.First(known => known.TypeDiscriminator!.ToString() == said).DerivedType;
            return WalkObject(element, type.Options.GetTypeInfo(kind), path, kinds.TypeDiscriminatorPropertyName);
        }

        return (type.Kind, element.ValueKind) switch
        {
            (JsonTypeInfoKind.Object, JsonValueKind.Object) => WalkObject(element, type, path, null),
            (JsonTypeInfoKind.Object, _) => Expected(path, "an object is expected"),
            (JsonTypeInfoKind.Enumerable, JsonValueKind.Array) => element.EnumerateArray().Index()
                .Select(item => Walk(item.Item, type.Options.GetTypeInfo(type.ElementType!), $"{path}[{item.Index}]"))
                    .FirstOrDefault(problem => problem is not null),
            (JsonTypeInfoKind.Enumerable, _) => Expected(path, "a list is expected"),
            (JsonTypeInfoKind.None, _) => Value(element, Nullable.GetUnderlyingType(type.Type) ?? type.Type) is { } expected
                ? Expected(path, expected) : null,
            _ => null,
        };
    }

    private static SpecProblem? WalkObject(JsonElement element, JsonTypeInfo type, string path, string? discriminator)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in element.EnumerateObject())
        {
            var place = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
            if (!seen.Add(field.Name))
                return Expected(place, "the same field is there twice");
            if (field.Name == discriminator)
                continue;
            if (type.Properties.FirstOrDefault(property => string.Equals(property.Name, field.Name, StringComparison.OrdinalIgnoreCase))
                is not { } known)
                return new SpecProblem(place, "There is no such field.");
            if (field.Value.ValueKind == JsonValueKind.Null && !MayBeNull(known))
                return Expected(place, "it may be left out, but not null");
            if (Walk(field.Value, type.Options.GetTypeInfo(known.PropertyType), place) is { } problem)
                return problem;
        }

        return null;
    }

    private static bool MayBeNull(JsonPropertyInfo property) =>
        property.PropertyType.IsValueType ? Nullable.GetUnderlyingType(property.PropertyType) is not null : property.IsSetNullable;

    /// <summary>What is expected instead of a single value; null where it fits, or where nobody knows.</summary>
    private static string? Value(JsonElement element, Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int32 => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out _) ? null : "a whole number is expected",
        TypeCode.Int64 => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out _) ? null : "a whole number is expected",
        TypeCode.Double or TypeCode.Single => element.ValueKind == JsonValueKind.Number ? null : "a number is expected",
        TypeCode.Boolean => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "true or false is expected",
        TypeCode.String => element.ValueKind == JsonValueKind.String && IsText(element) ? null : "a text is expected",
        TypeCode.DateTime => element.ValueKind == JsonValueKind.String && element.TryGetDateTime(out _) ? null : "a time as in ISO 8601 is expected",
        _ => null,
    };

    private static bool IsText(JsonElement element)
    {
        try
        {
            return element.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false; // half of a pair of surrogates
        }
    }

    private static SpecProblem? KindProblem(JsonElement element, JsonPolymorphismOptions kinds, string path)
    {
        var names = kinds.DerivedTypes.Select(kind => kind.TypeDiscriminator?.ToString()).ToList();
        var field = $"{path}.{kinds.TypeDiscriminatorPropertyName}";
        if (!element.TryGetProperty(kinds.TypeDiscriminatorPropertyName, out var said))
            return new SpecProblem(field, $"It must say what it is. Use one of: {string.Join(", ", names)}.");
        return said.ValueKind == JsonValueKind.String && IsText(said) && names.Contains(said.GetString())
            ? null
            : new SpecProblem(field, $"There is no such {kinds.TypeDiscriminatorPropertyName}. Use one of: {string.Join(", ", names)}.");
    }

    private static SpecProblem Expected(string path, string what) => new(path.Length == 0 ? "body" : path, $"The value cannot be read: {what}.");
}
