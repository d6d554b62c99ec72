using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>SQLite's LIKE knows no case, and its GLOB does.</summary>
internal sealed class SqliteSearch : ISearchDialect
{
    public string Like(string text, LikePattern pattern, bool ignoreCase, Func<object, string> parameter) => ignoreCase
        ? $"{text} LIKE {parameter(Spell(pattern, "%", "_", "\\%_", c => $"\\{c}"))} ESCAPE '\\'"
        : $"{text} GLOB {parameter(Spell(pattern, "*", "?", "*?[", c => $"[{c}]"))}";

    private static string Spell(LikePattern pattern, string any, string one, string special, Func<char, string> escape) => string.Concat(pattern.Pieces.Select(piece => piece.Kind switch
    {
        LikePattern.PieceKind.Any => any,
        LikePattern.PieceKind.One => one,
        _ => string.Concat(piece.Text.Select(c => special.Contains(c, StringComparison.Ordinal) ? escape(c) : c.ToString())),
    }));
}
