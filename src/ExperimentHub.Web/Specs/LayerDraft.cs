using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;

namespace ExperimentHub.Web.Specs;

/// <summary>One setting of a layer.</summary>
/// <param name="Name">In the spec's JSON.</param>
/// <param name="Empty">What an empty field means; null for one that must not be empty.</param>
public sealed record LayerField(string Name, string Label, SpecFieldKind Kind, string? Empty = null);

/// <summary>One layer as typed, as text by field.</summary>
public sealed record LayerDraft(string Type, ImmutableSortedDictionary<string, string> Texts)
{
    private const string TypeName = "type";

    private static readonly LayerField Kernel = new("kernel", "Kernel", SpecFieldKind.Whole);
    private static readonly LayerField Padding = new("padding", "Padding", SpecFieldKind.Whole, "0");
    private static readonly LayerField PoolStride = new("stride", "Stride", SpecFieldKind.Whole, "kernel");
    private static readonly LayerField NameField = new("name", "Name", SpecFieldKind.Word, "numbered");

    /// <summary>The types with their words, what they start with, and their fields.</summary>
    public static IReadOnlyList<(string Type, string Word, string Usual, IReadOnlyList<LayerField> Fields)> Types { get; } =
    [
        ("conv", "Convolution", """{"outChannels":"16","kernel":"3","padding":"1"}""",
            [new("outChannels", "Channels", SpecFieldKind.Whole), Kernel, new("stride", "Stride", SpecFieldKind.Whole, "1"), Padding, NameField]),
        ("max-pool", "Max pooling", """{"kernel":"2"}""", [Kernel, PoolStride, Padding]),
        ("avg-pool", "Average pooling", """{"kernel":"2"}""", [Kernel, PoolStride, Padding]),
        ("batch-norm", "Batch normalisation", "{}", [NameField]),
        ("activation", "Activation", """{"function":"relu"}""", [new("function", "Function", SpecFieldKind.Word, "relu")]),
        ("dropout", "Dropout", """{"probability":"0.5"}""", [new("probability", "Probability", SpecFieldKind.Number, "0.5")]),
        ("flatten", "Flatten", "{}", []),
        ("linear", "Linear", """{"outFeatures":"10"}""", [new("outFeatures", "Outputs", SpecFieldKind.Whole), NameField]),
    ];

    public IReadOnlyList<LayerField> Fields => Types.FirstOrDefault(type => type.Type == Type).Fields ?? [];

    public string this[LayerField field] => Texts.GetValueOrDefault(field.Name, "");

    /// <summary>A layer as it starts when it is added.</summary>
    public static LayerDraft New(string type) => Of(type, JsonNode.Parse(Types.First(known => known.Type == type).Usual)!.AsObject());

    public LayerDraft With(LayerField field, string text) =>
        this with { Texts = text.Length == 0 ? Texts.Remove(field.Name) : Texts.SetItem(field.Name, text) };

    /// <summary>The layers of a spec's JSON, or of a draft's text.</summary>
    public static IReadOnlyList<LayerDraft> Of(JsonArray layers) =>
        [.. layers.OfType<JsonObject>().Select(layer => Of(layer[TypeName]?.ToString() ?? "", layer))];

    /// <summary>The text of a network that is built already.</summary>
    public static string TextOf(IReadOnlyList<Layer> layers) => Text(Of(JsonSerializer.SerializeToNode(layers, ProtocolJson.Options)!.AsArray()));

    /// <summary>What <see cref="Text"/> made; a text that is none of it is an empty network.</summary>
    public static IReadOnlyList<LayerDraft> Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text.Length == 0 ? "[]" : text) is JsonArray layers ? Of(layers) : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The layers as the text of their field: JSON whose values are what was typed.</summary>
    public static string Text(IEnumerable<LayerDraft> layers)
    {
        var array =
            new JsonArray([.. layers.Select(layer =>
                new JsonObject([new(TypeName, layer.Type), .. layer.Texts.Select(text => KeyValuePair.Create(text.Key, (JsonNode?)text.Value))]))]);
        return array.Count == 0 ? "" : array.ToJsonString();
    }

    /// <param name="path">Of the list in the spec.</param>
    internal static ReadField Read(string path, IReadOnlyList<LayerDraft> layers)
    {
        var array = new JsonArray();
        var problems = new List<(string, string)>();
        foreach (var (index, layer) in layers.Index())
        {
            var json = new JsonObject { [TypeName] = layer.Type };
            if (layer.Fields.Count == 0 && Types.All(type => type.Type != layer.Type))
                problems.Add(($"{path}[{index}]", $"Layer {index + 1}: '{SpecTexts.Shown(layer.Type)}' is not a type of layer."));
            foreach (var field in layer.Fields)
            {
                var read = SpecTexts.Read(new SpecField($"{path}[{index}].{field.Name}", field.Name, field.Label, field.Kind,
                    SpecSection.Network)
                { Empty = field.Empty }, layer[field]);
                problems.AddRange(read.Problems);
                if (read.Value is not null)
                    json[field.Name] = read.Value;
            }

            array.Add(json);
        }

        // A network with a hole would be another network.
        return problems.Count > 0 ? new ReadField(null, problems) : new ReadField(array, []);
    }

    private static LayerDraft Of(string type, JsonObject layer) =>
        new(type, layer.Where(pair => pair.Key != TypeName && pair.Value is not null)
            .ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value!.ToString()));
}
