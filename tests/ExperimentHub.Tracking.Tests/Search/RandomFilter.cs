using System.Globalization;

namespace ExperimentHub.Tracking.Tests.Search;

/// <summary>A filter as text and as a plain function: null is unknown.</summary>
internal sealed record PlainFilter(string Text, Func<PlainRun, bool?> Holds);

/// <summary>Makes filters by chance, spelled in all ways that the language has, and says by itself what they mean.</summary>
internal sealed class RandomFilter(Random random)
{
    private static readonly string[] TextColumns =
        ["name", "experiment", "notes", "tags.night", "tags.owner", "tags.never", "params.beta.kind", "params.gamma", "params.alpha", "params.never"];
    private static readonly string[] NumberColumns = ["duration", "best_epoch", "params.alpha", "params.gamma", "params.never"];
    private static readonly string[] Patterns = ["%", "_", "%a%", "A%", "a\\_b", "100\\%", "%'%", "[a]", "*", "%\\\\%", "___", "_x", "\ufffd_", ""];
    private static readonly string[] Operators = ["=", "!=", "<", "<=", ">", ">=", "==", "<>"];

    /// <summary>Columns that runs can be sorted and grouped by.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "name", "experiment", "status", "created", "end_time", "duration", "best_epoch", "notes", "tags.night", "tags.owner", "params.alpha",
        "params.beta.kind", "params.gamma", "params.never",
        RandomRuns.MetricColumn("train_loss"), RandomRuns.MetricColumn("train_loss", "best"), RandomRuns.MetricColumn("test_accuracy", "best"),
        RandomRuns.MetricColumn("odd name.x", "at_best"),
        RandomRuns.MetricColumn("test_accuracy", "min"), RandomRuns.MetricColumn("never", "max"),
    ];

    public PlainFilter Next(int depth = 3)
    {
        if (depth == 0 || random.Next(3) == 0)
            return Leaf();
        var left = Next(depth - 1);
        switch (random.Next(4))
        {
            case 0:
                return new PlainFilter($"{Case("not")} ({left.Text})", run => !left.Holds(run));
            case 1:
                var or = Next(depth - 1);
                return new PlainFilter($"({left.Text} {Case("or")} {or.Text})", run => left.Holds(run) | or.Holds(run));
            default:
                var and = Next(depth - 1);
                // Without parentheses a part with or would bind less; those have their own.
                return new PlainFilter($"{left.Text} {Case("and")} {and.Text}", run => left.Holds(run) & and.Holds(run));
        }
    }

    private PlainFilter Leaf() => random.Next(7) switch
    {
        0 => Missing(),
        1 => Texts(),
        2 => Pattern(),
        3 => Status(),
        4 => Time(),
        _ => Numbers(),
    };

    private PlainFilter Missing()
    {
        string[] columns = [.. Columns.Where(column => column is not ("status" or "created"))];
        var column = Pick(columns);
        return random.Next(2) == 0
            ? new PlainFilter($"{column} {Case("is null")}", run => run[column] is null)
            : new PlainFilter($"{column} {Case("is not null")}", run => run[column] is not null);
    }

    private PlainFilter Numbers()
    {
        var column = random.Next(2) == 0 ? Pick(NumberColumns) : Metric();
        var isPlain = column.StartsWith("last(", StringComparison.Ordinal) && random.Next(2) == 0;
        var shown = isPlain ? column[5..^1] : column;
        double? Of(PlainRun run) => run[column] as double?;
        if (random.Next(4) == 0)
        {
            double[] several = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Pick(RandomRuns.Numbers))];
            var negated = random.Next(2) == 0;
            return new PlainFilter($"{shown} {(negated ? Case("not in") : Case("in"))} ({string.Join(", ", several.Select(Spell))})",
                run => Of(run) is { } value ? several.Contains(value) != negated : null);
        }

        var (op, number) = (Pick(Operators), Pick(RandomRuns.Numbers));
        return new PlainFilter($"{shown} {op} {Spell(number)}", run => Of(run) is { } value ? Holds(op, value.CompareTo(number)) : null);
    }

    private PlainFilter Texts()
    {
        var column = Pick(TextColumns);
        var order = DatabaseText.Of(column);
        if (random.Next(4) == 0)
        {
            string[] several = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Pick(RandomRuns.Words))];
            var negated = random.Next(2) == 0;
            return new PlainFilter($"{column} {(negated ? Case("not in") : Case("in"))} ({string.Join(", ", several.Select(Quote))})",
                run => run.TextOf(column) is { } value ? several.Any(one => Same(column, one, value)) != negated : null);
        }

        var op = Pick(Operators);
        // A number in quotes has no order: the language refuses it.
        var text = Pick(RandomRuns.Words.Where(word => word != "7" || op is "=" or "!=" or "==" or "<>").ToArray());
        return new PlainFilter($"{column} {op} {Quote(text)}", run => run.TextOf(column) is { } value
            ? Holds(op, op is "=" or "==" or "!=" or "<>" ? (Same(column, value, text) ? 0 : 1) : order.Compare(value, text)) : null);
    }

    /// <summary>Names are equal whatever their case, in every script; which of two comes first is decided by their bytes.</summary>
    private static bool Same(string column, string one, string other) =>
        string.Equals(one, other, column is "name" or "experiment" ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    private PlainFilter Pattern()
    {
        var (column, pattern) = (Pick(TextColumns), Pick(Patterns));
        var (ignoreCase, negated) = (random.Next(2) == 0, random.Next(2) == 0);
        return new PlainFilter($"{column} {Case(negated ? "not " : "")}{Case(ignoreCase ? "ilike" : "like")} {Quote(pattern)}",
            run => run.TextOf(column) is { } value ? PlainLike.Matches(value, pattern, ignoreCase) != negated : null);
    }

    private PlainFilter Status()
    {
        var status = Pick(RandomRuns.Statuses);
        var shown = status == "Stopped" && random.Next(2) == 0 ? "KILLED" : Case(status.ToLowerInvariant());
        return random.Next(2) == 0
            ? new PlainFilter($"status = '{shown}'", run => (string)run["status"]! == status)
            : new PlainFilter($"attributes.status != {shown}", run => (string)run["status"]! != status);
    }

    private PlainFilter Time()
    {
        var column = random.Next(2) == 0 ? "created" : "end_time";
        var shown = column == "created" ? column : Pick(["end_time", "attr.end_time", "run.ended"]);
        var op = Pick(Operators);
        var day = RandomRuns.Start.AddDays(random.Next(10));
        if (random.Next(2) == 0)
        {
            return new PlainFilter($"{shown} {op} '{day:yyyy-MM-dd}'", run => run[column] is not DateTime value ? null
                : op is "<=" ? value < day.AddDays(1) : op is ">" ? value >= day.AddDays(1) : Holds(op, value.Date.CompareTo(day)));
        }

        var time = day.AddMinutes(random.Next(1440));
        var text = random.Next(3) switch
        {
            0 => $"'{time:yyyy-MM-dd'T'HH:mm:ss'Z'}'",
            1 => $"'{time.AddHours(2):yyyy-MM-dd HH:mm}+02:00'",
            _ => new DateTimeOffset(time).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        };
        return new PlainFilter($"{shown} {op} {text}", run => run[column] is DateTime value ? Holds(op, value.CompareTo(time)) : null);
    }

    private string Metric()
    {
        var metric = Pick(RandomRuns.Metrics);
        var figure = Pick(["last", "min", "max", "at_best", "best"]);
        return RandomRuns.MetricColumn(metric, figure);
    }

    private static bool Holds(string op, int compared) => op switch
    {
        "=" or "==" => compared == 0,
        "!=" or "<>" => compared != 0,
        "<" => compared < 0,
        "<=" => compared <= 0,
        ">" => compared > 0,
        _ => compared >= 0,
    };

    private string Spell(double number) =>
        double.IsInfinity(number) ? number > 0 ? Case("inf") : "-infinity" : number.ToString("R", CultureInfo.InvariantCulture);

    private string Quote(string text) => random.Next(3) == 0
        ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private string Case(string keyword) => random.Next(2) == 0 ? keyword : keyword.ToUpperInvariant();

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
