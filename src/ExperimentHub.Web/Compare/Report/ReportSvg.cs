using System.Globalization;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Compare.Report;

/// <summary>What the drawings of a report share.</summary>
internal static class ReportSvg
{
    /// <summary>Of a run that is not kept in view.</summary>
    public const string Dimmed = "0.08";

    private const int LongestWord = 14;

    /// <summary>Words in a drawing, escaped; Razor takes SVG's element of this name for its own.</summary>
    /// <param name="anchor">start, middle or end.</param>
    public static MarkupString Label(double x, double y, string anchor, string text) => (MarkupString)string.Create(CultureInfo.InvariantCulture,
        $"<text x=\"{ReportAxis.Text(x)}\" y=\"{ReportAxis.Text(y)}\" text-anchor=\"{anchor}\" dominant-baseline=\"middle\">{HtmlEncoder.Default.Encode(text)}</text>");

    /// <summary>What of a word fits beside an axis.</summary>
    public static string Short(string word) => word.Length > LongestWord ? $"{word[..(LongestWord - 1)]}…" : word;

    public static string? Dashes(RunTint tint) => tint.Line.Dash switch { 0 => null, 1 => "6 4", _ => "2 3" };

    /// <summary>A run's colour in CSS's words.</summary>
    public static string Colour(RunTint tint) => tint.Unknown ? "var(--queued)" : tint.Ramp is not { } place ? $"var(--run-{tint.Line.Colour})"
        : string.Create(CultureInfo.InvariantCulture,
            $"color-mix(in srgb, var(--ramp-{(place < 0.5 ? 1 : 2)}), var(--ramp-{(place < 0.5 ? 2 : 3)}) {(place < 0.5 ? place : place - 0.5) * 200:0}%)");
}
