using System.Globalization;

namespace ExperimentHub.Web.Compare;

/// <summary>What compared runs have of something, to be put in order by it.</summary>
/// <param name="Numbers">One for each run, null where it has none; null for words.</param>
/// <param name="Texts">One for each run; null with <paramref name="Numbers"/>.</param>
public sealed record ComparedValues(IReadOnlyList<double?>? Numbers, IReadOnlyList<string>? Texts)
{
    /// <summary>Numbers where all of the words that say something are some.</summary>
    public static ComparedValues Of(IReadOnlyList<string> texts)
    {
        List<double?> numbers =
            [.. texts.Select(text => double.TryParse(text, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture,
                out var number) ? number : (double?)null)];
        return numbers.Exists(number => number is not null) && texts.Zip(numbers).All(pair => pair.Second is not null || pair.First == Figures.None)
            ? new(numbers, null) : new(null, texts);
    }

    /// <summary>The places of the runs in order; those that have nothing come last either way, and equal ones stay as they were.</summary>
    public IEnumerable<int> Order(IEnumerable<int> places, bool descending)
    {
        if (Numbers is { } numbers)
        {
            var known = places.ToLookup(place => numbers[place] is { } number && !double.IsNaN(number));
            return (descending ? known[true].OrderByDescending(place => numbers[place]) : known[true].OrderBy(place => numbers[place])).Concat(
                known[false]);
        }

        var texts = Texts!;
        var said = places.ToLookup(place => texts[place] != Figures.None);
        return (descending ? said[true].OrderByDescending(place => texts[place],
            StringComparer.OrdinalIgnoreCase) : said[true].OrderBy(place => texts[place], StringComparer.OrdinalIgnoreCase)).Concat(said[false]);
    }
}
