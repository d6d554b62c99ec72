using System.Buffers;

namespace ExperimentHub.Web.Api;

/// <summary>Texts in CSV files. They come from people and trainers, and a spreadsheet must take none for a formula.</summary>
internal static class CsvText
{
    private static readonly SearchValues<char> NeedQuotes = SearchValues.Create(",;\"\r\n\t'");

    public static string Of(string text)
    {
        if (text is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n', ..])
            text = $"'{text}";
        return text.AsSpan().ContainsAny(NeedQuotes) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
