using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Parameters;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// Finds the column that somebody probably meant by a name that is none. Only what runs of this hub have, and what may stand at that place, is
/// recommended.
/// </summary>
internal static class NameAdvice
{
    /// <summary>Shorter beginnings of words fit too many names.</summary>
    private const int LeastLetters = 2;

    /// <summary>Of several that fit alike, the first of these words decides.</summary>
    private static readonly string[] Preferred = ["test", "validation", "train"];

    public static string NoAttribute(string name, string? meant) =>
        $"Runs have no attribute '{name}'.{(meant is null ? " Metrics are written as metrics.NAME, hyperparameters as params.NAME, tags as tags.NAME." : $" Did you mean {meant}?")}";

    public static string NoKind(string prefix, string? meant) =>
        $"'{prefix}' is no kind of column.{(meant is null ? "" : $" Did you mean {meant}?")} Names begin with metrics., params., tags. or "
            + "attributes.";

    /// <summary>The problem with what the hub knows of its names; as it is where it is about something else.</summary>
    /// <param name="text">What the problem is in.</param>
    public static async Task<SearchProblem> OnAsync(TrackingDb db, SearchProblem problem, string text, DateTime now, CancellationToken cancellation)
    {
        if (problem.Unknown is not { } unknown)
            return problem;
        var meant = await MeantAsync(db, unknown.Name, unknown.Kind, unknown.Figure, cancellation);
        var better = meant is null ? problem with { DidYouMean = null } : await InPlaceAsync(db, problem, text, meant.ToString(), now, cancellation);
        var prefix = problem.Found.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? problem.Found[..dot] : null;
        return better with
        {
            Message = prefix is not null ? NoKind(prefix, better.DidYouMean)
                : meant is null && unknown.Figure is { } figure ? $"{SearchColumn.FigureWord(figure)}() takes a metric, written as metrics.NAME."
                : NoAttribute(unknown.Name, better.DidYouMean),
        };
    }

    /// <summary>
    /// Puts a name in the place of what a problem is about. Where the comparison that it stands in would then deserve a warning, the whole of it is
    /// put right.
    /// </summary>
    public static async Task<SearchProblem> InPlaceAsync(TrackingDb db, SearchProblem problem, string text, string name, DateTime now,
        CancellationToken cancellation)
    {
        var named = problem with { DidYouMean = name };
        if (problem.Field != "filter")
            return named;
        var corrected = text[..problem.Position] + name + text[(problem.Position + problem.Length)..];
        var predicate = FilterParser.Parse(corrected, now).Filter?.Predicates.FirstOrDefault(one => one.Use.Position == problem.Position);
        if (predicate is null || (await FilterWarnings.OfAsync(db, corrected, predicate, cancellation))?.DidYouMean is not { } right)
            return named;
        var length = predicate.Length - (name.Length - problem.Length);
        return named with { Position = predicate.Position, Length = length, Found = text.Substring(predicate.Position, length), DidYouMean = right };
    }

    /// <param name="kind">What was written before the name; null where nothing was.</param>
    /// <param name="function">The function that it stands in: there only metrics may stand, in best() only those with a better end.</param>
    public static async Task<SearchColumn?> MeantAsync(TrackingDb db, string typed, ColumnKind? kind, MetricFigure? function,
        CancellationToken cancellation)
    {
        var names = await KnownNames.MetricsAsync(db, cancellation);
        var directions = function == MetricFigure.Best ? await KnownNames.DirectionsAsync(db, names, experiment: null, cancellation) : null;
        List<Candidate> metrics = [.. names.Where(name => directions is null || directions[name].Agreed != MetricDirection.None)
            .Select(name => Named(ColumnKind.Metric, name))];
        if (function is not null)
            return Same(typed, metrics) ?? Abbreviated(typed, metrics) ?? Slip(typed, metrics);
        var book = await ParamNameBook.ReadAsync(db, cancellation);
        // A hyperparameter may be called by the end of its path.
        var @params = book.Names.SelectMany(name =>
            new[] { Named(ColumnKind.Param, name), Named(ColumnKind.Param, name, name[(name.LastIndexOf('.') + 1)..]) });
        var tags = (await KnownNames.TagsAsync(db, cancellation)).Select(name => Named(ColumnKind.Tag, name));
        var attributes = RunAttributes.Names.Select(name => Named(ColumnKind.Attribute, RunAttributes.Find(name)!.Name, name));
        List<Candidate> all = [.. attributes, .. metrics, .. @params, .. tags];
        var own = all.Where(one => one.Column.Kind == kind).ToList();
        var param = book.Find(typed) is [var (_, only)] ? new SearchColumn(ColumnKind.Param, only) : null;
        return kind is null
            ? Same(typed, all) ?? param ?? Slip(typed, attributes) ?? Abbreviated(typed, all) ?? Slip(typed, all)
            : Same(typed, own) ?? Abbreviated(typed, own) ?? Slip(typed, own) ?? Same(typed, all) ?? param;
    }

    private static Candidate Named(ColumnKind kind, string name, string? call = null) => new(call ?? name, new SearchColumn(kind, name));

    private static SearchColumn? Same(string typed, IEnumerable<Candidate> from)
    {
        var words = string.Concat(Words(typed));
        return from.FirstOrDefault(one => string.Concat(Words(one.Call)) == words)?.Column;
    }

    /// <summary>
    /// The name with all the words, or the beginnings of words, that were typed, and as few others as possible: acc is test_accuracy, val_loss is
    /// validation_loss.
    /// </summary>
    private static SearchColumn? Abbreviated(string typed, IEnumerable<Candidate> from)
    {
        var words = Words(typed);
        if (words.Count == 0 || words.Exists(word => word.Length < LeastLetters))
            return null;
        return from.Select(one => (one.Column, Words: Words(one.Call))).Where(one => Holds(one.Words, words))
            .OrderBy(one => one.Words.Count).ThenBy(one => Array.FindIndex(Preferred, one.Words.Contains) is >= 0
                and var place ? place : Preferred.Length).FirstOrDefault().Column;
    }

    private static SearchColumn? Slip(string typed, IEnumerable<Candidate> from)
    {
        var known = from.ToList();
        return NearestName.Of(typed, known.Select(one => one.Call)) is { } near ? known.Find(one => one.Call == near)!.Column : null;
    }

    private static bool Holds(List<string> name, List<string> typed)
    {
        var next = 0;
        foreach (var word in name)
            next += next < typed.Count && word.StartsWith(typed[next], StringComparison.Ordinal) ? 1 : 0;
        return next == typed.Count;
    }

    /// <summary>The words of a name in small letters: of test_accuracy, testAccuracy and test/accuracy the same two.</summary>
    private static List<string> Words(string name)
    {
        var words = new List<string>();
        for (var i = 0; i < name.Length; i++)
        {
            if (!char.IsLetterOrDigit(name[i]))
                continue;
            if (i == 0 || !char.IsLetterOrDigit(name[i - 1]) || (char.IsUpper(name[i]) && !char.IsUpper(name[i - 1])))
                words.Add("");
            words[^1] += char.ToLowerInvariant(name[i]);
        }

        return words;
    }

    private sealed record Candidate(string Call, SearchColumn Column);
}
