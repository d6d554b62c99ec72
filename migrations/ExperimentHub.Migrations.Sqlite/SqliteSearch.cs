using System.Text;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>SQLite's LIKE knows no case, and its GLOB does; both know of ASCII only, so what goes beyond is asked of <see cref="SqliteFunctions"/>, which is slower.</summary>
internal sealed class SqliteSearch : ISearchDialect
{
    public string Like(string text, LikePattern pattern, bool ignoreCase, bool isLong, Func<object, string> parameter)
    {
        var match = Match(text, pattern, ignoreCase, parameter);
        return isLong ? $"{SqliteFunctions.Wanted}() AND {match}" : match;
    }

    public string NameKey(string name) => $"{SqliteFunctions.NameKey}({name})";

    private static string Match(string text, LikePattern pattern, bool ignoreCase, Func<object, string> parameter)
    {
        if (!ignoreCase)
            return $"{text} GLOB {parameter(Spell(pattern, "*", "?", "*?[", c => $"[{c}]"))}";
        var like = parameter(Spell(pattern, "%", "_", "\\%_", c => $"\\{c}"));
        return pattern.Pieces.All(piece => Ascii.IsValid(piece.Text)) ? $"{text} LIKE {like} ESCAPE '\\'" : $"{SqliteFunctions.FoldedLike}({like}, {text})";
    }

    private static string Spell(LikePattern pattern, string any, string one, string special, Func<char, string> escape) => string.Concat(pattern.Pieces.Select(piece => piece.Kind switch
    {
        LikePattern.PieceKind.Any => any,
        LikePattern.PieceKind.One => one,
        _ => string.Concat(piece.Text.Select(c => special.Contains(c, StringComparison.Ordinal) ? escape(c) : c.ToString())),
    }));
}
