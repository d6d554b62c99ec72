using System.Globalization;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Search;

/// <summary>Says where a comparison is decided before any run is looked at: it is understood, and most probably not what was meant.</summary>
internal static class FilterWarnings
{
    /// <param name="text">The filter.</param>
    public static async Task<IReadOnlyList<SearchProblem>> OfAsync(TrackingDb db, string text, ParsedFilter filter, CancellationToken cancellation)
    {
        var warnings = new List<SearchProblem>();
        foreach (var predicate in filter.Predicates)
        {
            if (await OfAsync(db, text, predicate, cancellation) is { } warning)
                warnings.Add(warning);
        }

        return warnings;
    }

    /// <returns>null where there is nothing to say.</returns>
    public static async Task<SearchProblem?> OfAsync(TrackingDb db, string text, NumberPredicate predicate, CancellationToken cancellation)
    {
        if (predicate.Numbers is [{ Op: CompareOp.GreaterOrEqual } least, { Op: CompareOp.LessOrEqual } most] && least.Value > most.Value)
        {
            var swapped =
                $"{text[predicate.Position..least.Position]}{text[most.Position..most.End]}{text[least.End..most.Position]}{text[least.Position..least.End]}";
            return Warning(text, predicate,
                $"Nothing lies between {text[least.Position..least.End]} and {text[most.Position..most.End]}: the smaller end comes first.", swapped);
        }

        if (Quantity.UnitOf(predicate.Column) != MetricUnit.Fraction)
            return null;
        var wrong = predicate.Numbers.Where(number => predicate.Numbers.Count == 1 ? Decided(number) is not null : IsOutside(number.Value)).ToList();
        if (wrong.Count == 0 || await IsOtherwiseAsync(db, predicate.Column, cancellation))
            return null;
        var shown = text.Substring(predicate.Position, predicate.Length);
        var verdict = predicate.Numbers.Count > 1
            ? $"so {string.Join(" and ", wrong.Select(number => text[number.Position..number.End]))} {(wrong.Count == 1 ? "lies" : "lie")} outside"
            : Decided(wrong[0]) == true != predicate.Negated ? $"so every run that has it meets '{shown}'" : $"so no run can meet '{shown}'";
        return Warning(text, predicate, $"{predicate.Column} is a fraction from 0 to 1, {verdict}.", InPercent(text, predicate, wrong));
    }

    /// <summary>Whether a comparison with a fraction has the same answer for every run.</summary>
    private static bool? Decided(ComparedNumber number) => (number.Op, number.Value) switch
    {
        // Asks for what is finite.
        (_, double.PositiveInfinity or double.NegativeInfinity) => null,
        (CompareOp.Equal, var value) => IsOutside(value) ? false : null,
        (CompareOp.NotEqual, var value) => IsOutside(value) ? true : null,
        (CompareOp.Greater, var value) => value >= 1 ? false : value < 0 ? true : null,
        (CompareOp.GreaterOrEqual, var value) => value > 1 ? false : value <= 0 ? true : null,
        (CompareOp.Less, var value) => value <= 0 ? false : value > 1 ? true : null,
        (_, var value) => value < 0 ? false : value >= 1 ? true : null,
    };

    private static bool IsOutside(double value) => value is < 0 or > 1 && double.IsFinite(value);

    /// <summary>The same with the numbers as percentages; null where that would not put it right.</summary>
    private static string? InPercent(string text, NumberPredicate predicate, List<ComparedNumber> wrong)
    {
        if (wrong.Exists(number => number is not { IsBare: true, Value: > 1 and <= 100 }))
            return null;
        var corrected = text[..(predicate.Position + predicate.Length)];
        // Of several numbers a bare 1 is in percent as the others are.
        foreach (var number in predicate.Numbers.Where(number => wrong.Contains(number) || number is { IsBare: true, Value: >= 1 }).Reverse())
            corrected = corrected.Insert(number.End, "%");
        return corrected[predicate.Position..];
    }

    /// <summary>Some run has a value that is no fraction: then the name promised too much.</summary>
    private static async Task<bool> IsOtherwiseAsync(TrackingDb db, SearchColumn column, CancellationToken cancellation)
    {
        var parameters = new SqlParameters();
        string Beyond(string table, string condition) => $"EXISTS (SELECT 1 FROM \"{table}\" WHERE {condition})";
        string sql;
        if (column.Kind == ColumnKind.Param)
        {
            if ((await ParamNameBook.ReadAsync(db, cancellation)).Find(column.Name) is not [var (id, _)])
                return false;
            var its = $"\"ParamId\" = {parameters.Add(id)}";
            sql = $"{Beyond("RunParams", $"{its} AND \"Number\" > 1")} OR {Beyond("RunParams", $"{its} AND \"Number\" < 0")}";
        }
        else
        {
            var its = $"\"Name\" = {parameters.Add(column.Name)}";
            sql = $"{Beyond("MetricSeries", $"{its} AND \"Max\" > 1")} OR {Beyond("MetricSeries", $"{its} AND \"Min\" < 0")}";
        }

        return (await Statement.ListAsync(db, $"SELECT CASE WHEN {sql} THEN 1 ELSE 0 END", parameters, row => row.GetInt32(0), cancellation))[0] == 1;
    }

    private static SearchProblem Warning(string text, NumberPredicate predicate, string message, string? right) =>
        new("filter", predicate.Position, predicate.Length,
        right is null ? message : string.Create(CultureInfo.InvariantCulture, $"{message} Did you mean {right}?"),
        text.Substring(predicate.Position, predicate.Length), [], right);
}
