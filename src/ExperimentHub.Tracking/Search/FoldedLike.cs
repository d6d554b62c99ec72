using System.Text;
using ExperimentHub.Tracking.Names;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// Whether a text has the form of a pattern, whatever the case of its letters, in every script; for databases that know the case of ASCII only. It
/// never goes back further than the last % of the pattern.
/// </summary>
public sealed class FoldedLike
{
    private readonly (LikePattern.PieceKind Kind, Rune Rune)[] _steps;

    public FoldedLike(LikePattern pattern) => _steps =
    [
        .. pattern.Pieces.SelectMany(piece => piece.Kind == LikePattern.PieceKind.Literal
            ? NameRule.Folded(piece.Text).EnumerateRunes().Select(rune => (piece.Kind, rune)) : [(piece.Kind, default)]),
    ];

    public bool Matches(string text)
    {
        Rune[] runes = [.. NameRule.Folded(text).EnumerateRunes()];
        var (at, of, anyAt, anyOf) = (0, 0, -1, 0);
        while (at < runes.Length)
        {
            if (IsAny(of))
                (anyAt, anyOf, of) = (at, of, of + 1);
            else if (of < _steps.Length && (_steps[of].Kind == LikePattern.PieceKind.One || _steps[of].Rune == runes[at]))
                (at, of) = (at + 1, of + 1);
            else if (anyAt >= 0)
                (anyAt, at, of) = (anyAt + 1, anyAt + 1, anyOf + 1);
            else
                return false;
        }

        while (IsAny(of))
            of++;
        return of == _steps.Length;
    }

    private bool IsAny(int step) => step < _steps.Length && _steps[step].Kind == LikePattern.PieceKind.Any;
}
