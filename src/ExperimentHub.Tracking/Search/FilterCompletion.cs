using System.Globalization;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Queries;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Search;

/// <summary>Something that may be typed next.</summary>
/// <param name="Text">To be put in place of the word under the caret.</param>
/// <param name="Kind"><c>keyword</c>, <c>column</c> or <c>value</c>.</param>
/// <param name="Detail">What it is, for a person.</param>
public sealed record Suggestion(string Text, string Kind, string Detail = "");

/// <param name="From">Where the word under the caret begins.</param>
/// <param name="Length">How many characters a suggestion replaces.</param>
/// <param name="Items">Best first; empty where what stands before the caret cannot be understood.</param>
public sealed record Completion(int From, int Length, IReadOnlyList<Suggestion> Items);

/// <summary>Says what may be typed next in a filter, with the columns and values that occur.</summary>
public sealed class FilterCompletion(IDbContextFactory<TrackingDb> databases, QueryTurns turns)
{
    public const int MaxItems = 50;

    public Task<Completion> CompleteAsync(string text, int caret, CancellationToken cancellation = default) =>
        turns.AskAsync(waited => ReadAsync(text, caret, waited), cancellation);

    private async Task<Completion> ReadAsync(string text, int caret, CancellationToken cancellation)
    {
        var at = FilterCaret.At(text, caret);
        if (at.Expected is not { } expected)
            return new Completion(at.From, at.Length, []);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        List<Suggestion> all = [];
        if (expected.ValuesOf is { } column)
        {
            all.AddRange(Spellings(column, at.Typed));
            all.AddRange(await ValuesAsync(db, column, at.Typed, cancellation));
        }

        if (expected.Columns)
            all.AddRange(await ColumnsAsync(db, cancellation));
        // Within a name or behind its dot no keyword can follow.
        if (!at.Typed.Contains('.', StringComparison.Ordinal))
            all.AddRange(expected.Words.Where(word => !word.StartsWith("a ", StringComparison.Ordinal))
                .Select(word => new Suggestion(word, "keyword")));
        return new Completion(at.From, at.Length,
        [
            .. all.Where(item => item.Text.Contains(at.Typed, StringComparison.OrdinalIgnoreCase)).DistinctBy(item => item.Text)
                .OrderBy(item => Rank(item.Text, at.Typed)).Take(MaxItems),
        ]);
    }

    /// <summary>What begins with it, then what has a part that begins with it, then the rest.</summary>
    private static int Rank(string text, string typed) =>
        text.TrimStart('\'').StartsWith(typed, StringComparison.OrdinalIgnoreCase) ? 0
        : text.Contains($".{typed}", StringComparison.OrdinalIgnoreCase) || text.Contains($"_{typed}", StringComparison.OrdinalIgnoreCase) ? 1
        : 2;

    private static async Task<IEnumerable<Suggestion>> ColumnsAsync(TrackingDb db, CancellationToken cancellation) =>
    [
        .. (await KnownNames.MetricsAsync(db, cancellation)).Select(name =>
            new Suggestion(new SearchColumn(ColumnKind.Metric, name).ToString(), "column", "metric, its last value")),
        .. (await db.ParamNames.OrderBy(name => name.Id).Select(name => name.Name).ToListAsync(cancellation)).Select(name =>
            new Suggestion(new SearchColumn(ColumnKind.Param, name).ToString(), "column", "hyperparameter")),
        .. RunAttributes.All.Select(attribute => new Suggestion(attribute.Name, "column", attribute.Meaning)),
        .. (await KnownNames.TagsAsync(db, cancellation)).Select(name =>
            new Suggestion(new SearchColumn(ColumnKind.Tag, name).ToString(), "column", "tag")),
    ];

    /// <summary>Numbers as the pages write them.</summary>
    private static IEnumerable<Suggestion> Spellings(SearchColumn column, string typed)
    {
        var (units, usual, detail) = (ValueParser.TypeOf(column), Quantity.UnitOf(column)) switch
        {
            (ValueType.Duration, _) => (new[] { "s", "m", "h" }, new[] { "30s", "5m", "1h30m" }, "duration"),
            (_, MetricUnit.Fraction) => (["%"], column.Kind == ColumnKind.Metric ? ["90%", "95%", "99%"] : [], "percent"),
            (_, MetricUnit.Percent) => (["%"], ["50%", "90%"], "percent"),
            (_, MetricUnit.Bytes) => (["MiB", "GiB"], ["500MiB", "2GiB"], "size"),
            _ => (Array.Empty<string>(), Array.Empty<string>(), ""),
        };
        var texts = double.TryParse(typed, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _)
            ? units.Select(unit => typed + unit) : usual;
        return texts.Select(text => new Suggestion(text, "value", detail));
    }

    private static async Task<IEnumerable<Suggestion>> ValuesAsync(TrackingDb db, SearchColumn column, string typed, CancellationToken cancellation)
    {
        var tagKey = NameRule.Key(column.Name);
        IEnumerable<string> texts = column switch
        {
            { Kind: ColumnKind.Param } => [],
            { Kind: ColumnKind.Tag } => await db.RunTags.Where(tag => tag.NameKey == tagKey && tag.Value.Contains(typed)).Select(tag => tag.Value)
                .Distinct().Order().Take(MaxItems).ToListAsync(cancellation),
            { Kind: ColumnKind.Attribute, Name: RunAttributes.Experiment } =>
                await db.Experiments.Where(experiment => experiment.Name.Contains(typed)).Select(experiment => experiment.Name).Order().Take(MaxItems)
                    .ToListAsync(cancellation),
            { Kind: ColumnKind.Attribute, Name: RunAttributes.Device } => ["cpu", "cuda"],
            _ => [],
        };
        var param = column switch
        {
            { Kind: ColumnKind.Param, Name: var name } => name,
            { Kind: ColumnKind.Attribute, Name: RunAttributes.Model } => "model.kind",
            { Kind: ColumnKind.Attribute, Name: "dataset" } => "dataset",
            _ => null,
        };
        List<Suggestion> found = [.. texts.Select(text => new Suggestion(Quoted(text), "value"))];
        if (param is not null && (await ParamNameBook.ReadAsync(db, cancellation)).Find(param) is [var (id, _)])
            found.AddRange((await ParamValuesAsync(db, id, cancellation)).Select(value =>
                new Suggestion(value.Number is { } number ? number.ToString("R", CultureInfo.InvariantCulture) : Quoted(value.Text), "value")));
        return found;
    }

    /// <summary>From one value to the next greater one, so that many runs with few values cost no more than few runs.</summary>
    private static async Task<List<(double? Number, string Text)>> ParamValuesAsync(TrackingDb db, int id, CancellationToken cancellation)
    {
        var parameters = new SqlParameters();
        var param = parameters.Add(id);
        return await Statement.ListAsync(db, string.Create(CultureInfo.InvariantCulture, $"""
            WITH RECURSIVE n("Text", "Place") AS (
                SELECT MIN("Text"), 1 FROM "RunParams" WHERE "ParamId" = {param}
                UNION ALL
                SELECT (SELECT MIN(p."Text") FROM "RunParams" p WHERE p."ParamId" = {param} AND p."Text" > n."Text"), n."Place" + 1 FROM n WHERE n."Text" IS NOT NULL AND n."Place" < {10 * MaxItems})
            SELECT n."Text", (SELECT p."Number" FROM "RunParams" p WHERE p."ParamId" = {param} AND p."Text" = n."Text" LIMIT 1) FROM n WHERE n."Text" IS NOT NULL
            """), parameters, row => (Statement.NumberAt(row, 1), row.GetString(0)), cancellation);
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
