using System.Globalization;

namespace ExperimentHub.Web.Compare;

/// <summary>What a person keeps in view of the compared runs: those whose value of a variable lies within a range, or is one of some words.</summary>
/// <param name="Key">Of the <see cref="CompareVariable"/>.</param>
/// <param name="Values">Where the variable's values are numbers, the least and the greatest that stay, each empty where there is no such end; else
/// the words that stay.</param>
public sealed record Brush(string Key, IReadOnlyList<string> Values)
{
    private const char Between = ':';

    /// <summary>A range of numbers, both ends within it; null for an open end.</summary>
    public static Brush Range(string key, double? least, double? greatest) => new(key, [Text(least), Text(greatest)]);

    /// <summary>As it stands in an address: the key and the values, with colons between them. Null where there is no key.</summary>
    public static Brush? Parse(string text)
    {
        var parts = text.Split(Between);
        return parts[0].Length == 0 ? null : new Brush(parts[0], [.. parts.Skip(1).Select(Uri.UnescapeDataString)]);
    }

    /// <summary>What <see cref="Parse"/> reads. A value's own colons are escaped.</summary>
    public override string ToString() => string.Join(Between, Values.Select(Uri.EscapeDataString).Prepend(Key));

    /// <summary>The ends of the range; an open one, and one that is no number, is null.</summary>
    public (double? Least, double? Greatest) Ends => (NumberAt(0), NumberAt(1));

    /// <summary>Whether a run stays. One that has nothing of the variable does not.</summary>
    /// <param name="index">The run's place among the compared ones.</param>
    public bool Keeps(CompareVariable variable, int index)
    {
        if (variable.Numbers is not { } numbers)
            return variable.Texts[index] is { } word && Values.Contains(word);
        var (least, greatest) = Ends;
        return numbers[index] is { } number && !(number < least) && !(number > greatest);
    }

    public bool Equals(Brush? other) => other is not null && Key == other.Key && Values.SequenceEqual(other.Values);

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private double? NumberAt(int place) =>
        Values.Count > place && double.TryParse(Values[place], NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number) ? number : null;

    private static string Text(double? number) => number?.ToString("R", CultureInfo.InvariantCulture) ?? "";
}
