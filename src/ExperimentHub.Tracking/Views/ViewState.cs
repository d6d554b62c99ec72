using System.Text.Json;

namespace ExperimentHub.Tracking.Views;

/// <summary>What a saved view remembers. Every part may be left out.</summary>
/// <param name="Filter">In the filter language.</param>
/// <param name="OrderBy">Columns with asc or desc, with commas between them.</param>
/// <param name="Columns">In their order on the screen.</param>
/// <param name="GroupBy">Columns whose values make groups.</param>
/// <param name="Density"><c>compact</c> or <c>comfortable</c>.</param>
public sealed record ViewState(
    string Filter = "", string OrderBy = "", IReadOnlyList<ViewColumn>? Columns = null, IReadOnlyList<string>? GroupBy = null, string? Density = null)
{
    public static readonly IReadOnlyList<string> Densities = ["compact", "comfortable"];

    internal static string Write(ViewState state) => JsonSerializer.Serialize(state, JsonSerializerOptions.Web);

    internal static ViewState Read(string json) => JsonSerializer.Deserialize<ViewState>(json, JsonSerializerOptions.Web) ?? new ViewState();
}

/// <summary>A column of a view.</summary>
/// <param name="Column">As it is written in a filter.</param>
/// <param name="Width">In pixels; null for the width that fits.</param>
/// <param name="Pinned">Stays where it is when the others are scrolled.</param>
public sealed record ViewColumn(string Column, int? Width = null, bool Pinned = false);
