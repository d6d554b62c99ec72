using System.Text;
using System.Text.Json.Nodes;

namespace ExperimentHub.Web.Tests.Api.Fuzzing;

/// <summary>Makes bodies: some that a schema allows, some that it does not, and some that are no JSON.</summary>
internal sealed class JsonFuzzer(Random random, JsonNode document, Func<string, string> goodText)
{
    private static readonly string[] Numbers =
        ["0", "-0", "1", "-1", "5", "0.01", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "1e308", "1e400",
            "-1e400", "5e-324", "1e-400", "0.1e1", "NaN", "Infinity"];

    private static readonly string[] Texts =
    [
        "", " ", "a", "x\\u0000y", "\\ud800", "\\udc00\\ud800", "line\\nbreak", "\\u0301", "Größe", "日本語のなまえ", "हिन्दी", "👩‍👩‍👧‍👦", "\\u202e",
        "\\ufeffx", "'; drop table Runs;--", "../../etc/passwd", "%2F", "NaN", "null",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z", "=1+1", "<script>",
        "019309c5e6f77c3d8f2a000000000000",
    ];

    private static readonly string[] Wrong = ["null", "true", "[]", "{}", "\"text\"", "3.5", "[[[[[]]]]]"];

    /// <returns>The bytes of a body.</returns>
    public byte[] Body(JsonNode? schema)
    {
        var json = schema is null ? Pick(Wrong) : Value(schema, "", 0);
        return random.Next(14) switch
        {
            0 => Encoding.UTF8.GetBytes(json[..random.Next(json.Length)]),
            1 => [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(json)],
            2 => Wide(random.Next(3) switch { 0 => Encoding.Unicode, 1 => Encoding.BigEndianUnicode, _ => Encoding.UTF32 }, json),
            3 => Encoding.UTF8.GetBytes($"/* a comment */ {json} // another"),
            4 => Encoding.UTF8.GetBytes(json.Replace("}", ",}", StringComparison.Ordinal)),
            5 => Encoding.UTF8.GetBytes(json.Replace("{", "{\"experiment\":\"e\",\"Experiment\":\"f\",", StringComparison.Ordinal)),
            6 => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"spec\":[", 500)) + json),
            7 => Spoilt(Encoding.UTF8.GetBytes(json)),
            8 => [],
            9 => Encoding.UTF8.GetBytes($"{json} {json}"),
            10 => Encoding.UTF8.GetBytes(Pick(Wrong)),
            _ => Encoding.UTF8.GetBytes(json),
        };
    }

    private string Value(JsonNode schema, string name, int depth)
    {
        if (schema["$ref"] is { } reference)
            schema = document["components"]!["schemas"]![reference.GetValue<string>().Split('/')[^1]]!;
        if (random.Next(25) == 0)
            return Pick(Wrong);
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray { Count: > 0 } either)
            return Value(either[random.Next(either.Count)]!, name, depth);
        var types = schema["type"] switch
        {
            JsonArray several => [.. several.Select(t => t!.GetValue<string>())],
            JsonNode one =>
            (string[])[one.GetValue<string>()],
            _ => schema["properties"] is null ? [] : ["object"]
        };
        return (types.Length == 0 ? "" : Pick(types)) switch
        {
            "object" => Object(schema, depth),
            "array" when schema["items"] is { } items && depth < 8 =>
                $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Value(items, name, depth + 1)))}]",
            "array" => "[]",
            "integer" or "number" => Pick(Numbers),
            "boolean" => Pick(["true", "false"]),
            "string" => $"\"{(random.Next(2) == 0 ? goodText(name) : random.Next(8) == 0 ? new string('ä', random.Next(30_000)) : Pick(Texts))}\"",
            "null" => "null",
            _ => Pick(Wrong),
        };
    }

    private string Object(JsonNode schema, int depth)
    {
        var fields = (schema["properties"]?.AsObject() ?? []).Where(_ => depth < 8 && random.Next(3) > 0)
            .Select(property => $"\"{property.Key}\":{Value(property.Value!, property.Key, depth + 1)}").ToArray();
        // Keys in any order, as programs write them.
        random.Shuffle(fields);
        return $"{{{string.Join(',', random.Next(20) == 0 ? [.. fields, $"\"{Pick(Texts)}\":{Pick(Numbers)}"] : fields)}}}";
    }

    private byte[] Spoilt(byte[] json)
    {
        for (var i = 0; i < 3 && json.Length > 0; i++)
            json[random.Next(json.Length)] = (byte)random.Next(256);
        return json;
    }

    private byte[] Wide(Encoding encoding, string json) =>
        random.Next(2) == 0 ? [.. encoding.Preamble, .. encoding.GetBytes(json)] : encoding.GetBytes(json);

    private string Pick(string[] all) => all[random.Next(all.Length)];
}
