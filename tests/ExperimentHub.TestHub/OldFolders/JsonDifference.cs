using System.Text.Json.Nodes;

namespace ExperimentHub.TestHub.OldFolders;

/// <summary>What an answer has lost of an older one. What came to it is no loss: a newer version may say more.</summary>
public static class JsonDifference
{
    /// <summary>Each as its place, what was there and what is there now; empty where nothing was lost.</summary>
    public static IReadOnlyList<string> Lost(JsonNode? before, JsonNode? now) => [.. Lost(before, now, "$")];

    private static IEnumerable<string> Lost(JsonNode? before, JsonNode? now, string place) => (before, now) switch
    {
        (JsonObject was, JsonObject after) => was.SelectMany(property => after.ContainsKey(property.Key)
            ? Lost(property.Value, after[property.Key], $"{place}.{property.Key}")
            : [$"{place}.{property.Key} is gone"]),
        (JsonArray was, JsonArray after) when was.Count == after.Count =>
            was.Zip(after).SelectMany((pair, index) => Lost(pair.First, pair.Second, $"{place}[{index}]")),
        (JsonArray was, JsonArray after) => [$"{place} had {was.Count} entries and has {after.Count}"],
        _ => JsonNode.DeepEquals(before, now) ? [] : [$"{place} was {Short(before)} and is {Short(now)}"],
    };

    private static string Short(JsonNode? node) => node?.ToJsonString() is { } text ? text[..Math.Min(text.Length, 200)] : "null";
}
