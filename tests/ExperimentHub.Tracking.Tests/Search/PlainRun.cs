using System.Text;

namespace ExperimentHub.Tracking.Tests.Search;

/// <summary>A run as a test knows it: a bag of values under the names that a filter uses.</summary>
internal sealed class PlainRun
{
    public required long Number { get; init; }

    /// <summary>By the text of a column: doubles, strings and DateTimes. What is missing is not in it.</summary>
    public Dictionary<string, object> Values { get; } = [];

    /// <summary>Of a hyperparameter that is a number: its text, by the column's.</summary>
    public Dictionary<string, string> Texts { get; } = [];

    public object? this[string column] => Values.GetValueOrDefault(column);

    /// <summary>What a comparison with a text sees.</summary>
    public string? TextOf(string column) => this[column] as string ?? Texts.GetValueOrDefault(column);
}

/// <summary>The order of texts in a database: by their UTF-8 bytes, for names without regard to the case of ASCII letters.</summary>
internal sealed class DatabaseText(bool ignoreCase) : IComparer<string>
{
    public static DatabaseText Of(string column) => new(ignoreCase: column is "name" or "experiment");

    public int Compare(string? x, string? y) => Bytes(x!).AsSpan().SequenceCompareTo(Bytes(y!));

    private byte[] Bytes(string text) =>
        Encoding.UTF8.GetBytes(ignoreCase ? string.Concat(text.Select(c => char.IsAsciiLetterUpper(c) ? char.ToLowerInvariant(c) : c)) : text);
}
