using System.Text.Json;

namespace ExperimentHub.Protocol;

/// <summary>No list that travels here has empty entries, and the serializer's check of null does not look into lists.</summary>
public static class JsonLists
{
    /// <param name="json">Valid JSON as UTF-8.</param>
    /// <returns>Where the first null in a list is, such as <c>model.layers[2]</c>; null where there is none.</returns>
    public static string? EmptyEntry(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("null"u8) < 0)
            return null;
        var places = new Stack<Place>();
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            // What stands in a list and is no end of one is its next entry.
            if (reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject or JsonTokenType.PropertyName)
                && places.TryPeek(out var list) && list.IsList)
                list.Entry++;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray or JsonTokenType.StartObject:
                    places.Push(new Place { IsList = reader.TokenType == JsonTokenType.StartArray });
                    break;
                case JsonTokenType.EndArray or JsonTokenType.EndObject:
                    places.Pop();
                    break;
                case JsonTokenType.PropertyName:
                    places.Peek().Name = reader.GetString()!;
                    break;
                case JsonTokenType.Null when places.TryPeek(out var place) && place.IsList:
                    return string.Concat(places.Reverse().Select(part => part.IsList ? $"[{part.Entry}]" : $".{part.Name}")).TrimStart('.');
            }
        }

        return null;
    }

    private sealed class Place
    {
        public bool IsList { get; init; }
        public int Entry { get; set; } = -1;
        public string Name { get; set; } = "";
    }
}
