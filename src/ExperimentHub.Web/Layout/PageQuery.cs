using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace ExperimentHub.Web.Layout;

/// <summary>
/// What an address asks a page for, where more stands in it than a parameter or two. Names are compared without case; of a name that comes several
/// times the last counts, unless it is a list.
/// </summary>
public sealed class PageQuery
{
    private readonly Dictionary<string, StringValues> _values;

    private PageQuery(Dictionary<string, StringValues> values) => _values = values;

    /// <summary>The last values by name, empty ones too: what a form fills its fields with.</summary>
    public IReadOnlyDictionary<string, string?> Fields =>
        _values.ToDictionary(pair => pair.Key, pair => pair.Value.LastOrDefault(), StringComparer.OrdinalIgnoreCase);

    /// <param name="query">The part of an address that begins with a question mark; may be empty.</param>
    public static PageQuery Of(string query) => new(QueryHelpers.ParseQuery(query));

    /// <summary>Of the page that is shown.</summary>
    public static PageQuery Of(NavigationManager navigation) => Of(navigation.ToAbsoluteUri(navigation.Uri).Query);

    /// <summary>Whether a flag is set; anything but true says that it is not.</summary>
    public static bool IsTrue(string? text) => string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);

    /// <returns>null where it is not there or blank.</returns>
    public string? One(string name) => _values.GetValueOrDefault(name) is [.., { } last] && !string.IsNullOrWhiteSpace(last) ? last : null;

    /// <summary>All values of a name, each once and without empty ones.</summary>
    public IReadOnlyList<string> All(string name) =>
        [.. _values.GetValueOrDefault(name).OfType<string>().Where(value => value.Length > 0).Distinct()];

    /// <summary>A list with commas between, which may come in several pieces.</summary>
    public string? Joined(string name) => All(name) is { Count: > 0 } parts ? string.Join(',', parts) : null;

    public bool Flag(string name) => IsTrue(One(name));
}
