using System.Globalization;
using System.Text.Json.Nodes;

namespace ExperimentHub.Web.Specs;

/// <summary>A field that was read: its JSON, or none where it is empty or wrong.</summary>
internal sealed record ReadField(JsonNode? Value, IReadOnlyList<(string Path, string Message)> Problems)
{
    public static ReadField Empty { get; } = new(null, []);
}

/// <summary>Between what is typed into a field and the spec's JSON.</summary>
internal static class SpecTexts
{
    /// <summary>As a person would type it; empty where the spec says nothing.</summary>
    public static string Write(SpecField field, JsonNode? value) => value is null ? "" : field.Kind switch
    {
        SpecFieldKind.Number => Figures.Setting(value.GetValue<double>()),
        SpecFieldKind.Flag => value.GetValue<bool>() == IsOn(field, "") ? "" : value.GetValue<bool>() ? "true" : "false",
        SpecFieldKind.Sizes => string.Join(", ", value.AsArray().Select(size => size!.ToString())),
        SpecFieldKind.Layers => LayerDraft.Text(LayerDraft.Of(value.AsArray())),
        SpecFieldKind.Word when value.ToString() == field.Empty => "",
        _ => value.ToString(),
    };

    public static ReadField Read(SpecField field, string typed)
    {
        var text = typed.Trim();
        if (text.Length == 0)
            return field.Empty is not null ? ReadField.Empty : new ReadField(null, [(field.Path, Needs(field))]);
        return field.Kind switch
        {
            SpecFieldKind.Whole => WholeOf(text, field.Most) is { } whole
                ? new ReadField(whole, []) : Wrong($"A whole number is needed here; '{Shown(text)}' is not one."),
            SpecFieldKind.Number => NumberOf(text) is { } number ? new ReadField(number, []) : Wrong(NoNumber(text)),
            SpecFieldKind.Flag => new ReadField(IsOn(field, text), []),
            SpecFieldKind.Sizes => ReadSizes(field, text),
            SpecFieldKind.Layers => LayerDraft.Read(field.Path, LayerDraft.Parse(text)),
            _ => new ReadField(text, []),
        };

        ReadField Wrong(string message) => new(null, [(field.Path, message)]);
    }

    /// <summary>Whether the box of a flag is ticked.</summary>
    public static bool IsOn(SpecField field, string text) => text.Length == 0 ? field.Empty == SpecField.On : text == "true";

    public static long? WholeOf(string text, long most) =>
        long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value <= most && value >= -most
            ? value : null;

    public static double? NumberOf(string text) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    public static string NoNumber(string text) =>
        $"A number such as 0.01 or 1e-3 is needed here; '{Shown(text)}' is not one.{(text.Contains(',', StringComparison.Ordinal) ? " Write a point for the decimals." : "")}";

    public static string Shown(string text) => text.Length <= 20 ? text : $"{text[..20]}…";

    private static string Needs(SpecField field) => field.Kind switch
    {
        SpecFieldKind.Whole => "A whole number is needed here.",
        SpecFieldKind.Number => "A number such as 0.01 or 1e-3 is needed here.",
        _ => "Something has to be chosen here.",
    };

    private static ReadField ReadSizes(SpecField field, string text)
    {
        var sizes = new JsonArray();
        foreach (var part in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (WholeOf(part, int.MaxValue) is not { } size)
                return new ReadField(null,
                    [(field.Path, $"Whole numbers with commas between them are needed here, such as 256, 128; '{Shown(part)}' is none.")]);
            sizes.Add((int)size);
        }

        return new ReadField(sizes, []);
    }
}
