using System.Globalization;
using System.Text.RegularExpressions;
using ExperimentHub.Protocol;

namespace ExperimentHub.Web.Specs;

/// <summary>
/// Several values in one field: <c>0.01, 0.1</c>, also with semicolons or spaces between them, and of whole numbers <c>1-5</c> and <c>1-9 by 2</c>.
/// What could also be one number, such as <c>0,01</c> or <c>1,000</c>, is never taken for several.
/// </summary>
/// <param name="Values">As a person would type them, each once, in the order typed; empty where there is a problem.</param>
/// <param name="Problem">What cannot be read, and what to write instead; null where all can.</param>
internal sealed partial record NumberList(IReadOnlyList<string> Values, string? Problem)
{
    private const int Most = Limits.RunsStartedAtOnce;

    public static bool IsTakenBy(SpecField field) => field.Kind is SpecFieldKind.Whole or SpecFieldKind.Number;

    /// <returns>null where one value is typed, right or wrong, or none: that is read as ever.</returns>
    public static NumberList? Read(SpecField field, string typed)
    {
        var text = typed.Trim();
        if (!IsTakenBy(field) || (!Separator().IsMatch(text) && !AnyRange().IsMatch(text)))
            return null;
        if (Ambiguous(field, text) is { } ambiguous)
            return Wrong(ambiguous);

        List<string> values = [];
        foreach (var part in text.Split(',', ';').Select(part => part.Trim()))
        {
            if (part.Length == 0)
                return Wrong($"A value is missing beside a comma. {Allowed(field)}");
            // A range may have spaces of its own.
            foreach (var piece in WholeRange().IsMatch(part) ? [part] : part.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                if (AddTo(values, field, piece) is { } problem)
                    return Wrong(problem);
                if (values.Count > Most)
                    return Wrong(TooMany(SpecTexts.Shown(text), values.Count, more: true));
            }
        }

        return new NumberList(values, null);
    }

    /// <returns>What is wrong with the piece; null where its values are added.</returns>
    private static string? AddTo(List<string> values, SpecField field, string piece)
    {
        var range = AnyRange().Match(piece);
        if (range.Success && field.Kind == SpecFieldKind.Number)
            return $"'{SpecTexts.Shown(piece)}' is a range, and ranges are for whole numbers. {Allowed(field)}";
        if (!range.Success)
        {
            var read = SpecTexts.Read(field, piece);
            if (read.Value is null)
                return $"'{SpecTexts.Shown(piece)}' is not a {(field.Kind == SpecFieldKind.Whole ? "whole number" : "number")}. {Allowed(field)}";
            Add(SpecTexts.Write(field, read.Value));
            return null;
        }

        if (SpecTexts.WholeOf(range.Groups["first"].Value, field.Most) is not { } first
            || SpecTexts.WholeOf(range.Groups["last"].Value, field.Most) is not { } last)
            return $"'{SpecTexts.Shown(piece)}' has a number that is too large. {Allowed(field)}";
        var step = range.Groups["step"] is { Success: true } by ? SpecTexts.WholeOf(by.Value, field.Most) : 1;
        if (step is not > 0)
            return $"'{SpecTexts.Shown(piece)}' has a step that is not above 0. {Allowed(field)}";
        if (last < first)
            return $"'{SpecTexts.Shown(piece)}' runs backwards. Write {last}-{first}{(step == 1 ? "" : $" by {step}")}.";
        // Not counted as a long: from 0 to the largest one there is one more.
        var count = ((decimal)last - first) / step.Value;
        if (count >= Most)
            return TooMany(SpecTexts.Shown(piece), (double)decimal.Floor(count) + 1, more: false);
        for (var i = 0; i <= (int)count; i++)
            Add((first + (i * step.Value)).ToString(CultureInfo.InvariantCulture));
        return null;

        void Add(string value)
        {
            if (!values.Contains(value))
                values.Add(value);
        }
    }

    private static string TooMany(string text, double count, bool more) =>
        $"'{text}' is {(more ? "at least " : "")}{(count < 1e15 ? Figures.Count((long)count) : "far too many")} values; at most {Most} runs are "
            + "started at once.";

    private static string Allowed(SpecField field) => field.Kind == SpecFieldKind.Whole
        ? "Write a whole number, several with commas between them (1, 2, 5), or a range (1-5, 1-9 by 2)."
        : "Write a number such as 0.01 or 1e-3, or several with commas between them (0.01, 0.1).";

    /// <summary>A comma without a space, or a space before three digits, can stand within one number.</summary>
    private static string? Ambiguous(SpecField field, string text)
    {
        foreach (var word in text.Split([' ', '\t', '\u00a0', '\u202f', ';'], StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim(',')))
        {
            if (Thousands().IsMatch(word))
                return Either(word, word.Replace(",", "", StringComparison.Ordinal), Spaced(word));
            if (DecimalComma().IsMatch(word))
                return field.Kind == SpecFieldKind.Number
                    ? Either(word, word.Replace(".", "", StringComparison.Ordinal).Replace(',', '.'), Spaced(word))
                    : $"'{SpecTexts.Shown(word)}' could be one number or several: write {Spaced(word)} for several.";
        }

        return text.Split(',', ';').Select(part => part.Trim()).FirstOrDefault(part => SpacedThousands().IsMatch(part)) is { } digits
            ? Either(digits, Blank().Replace(digits, ""), Blank().Replace(digits, ", "))
            : null;
    }

    private static string Either(string typed, string one, string several) =>
        $"'{SpecTexts.Shown(typed)}' could be one number or several: write {one} for one, or {several} for several.";

    private static string Spaced(string word) => word.Replace(",", ", ", StringComparison.Ordinal);

    private static NumberList Wrong(string problem) => new([], problem);

    [GeneratedRegex(@"[,;\s]")]
    private static partial Regex Separator();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();

    /// <summary>Between digits; the minus of an exponent has a letter before it.</summary>
    [GeneratedRegex(@"^(?<first>[\d.]+)\s*[-–]\s*(?<last>[\d.]+)(\s+by\s+(?<step>\S+))?$")]
    private static partial Regex AnyRange();

    [GeneratedRegex(@"^\d+\s*[-–]\s*\d+(\s+by\s+\S+)?$")]
    private static partial Regex WholeRange();

    [GeneratedRegex(@"^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$")]
    private static partial Regex Thousands();

    [GeneratedRegex(@"^[+-]?\d{1,3}((\.\d{3})+|\d*),\d+([eE][+-]?\d+)?$")]
    private static partial Regex DecimalComma();

    [GeneratedRegex(@"^[1-9]\d{0,2}(\s\d{3})+([.]\d+)?$")]
    private static partial Regex SpacedThousands();
}
