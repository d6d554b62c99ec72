using System.Text;
using ExperimentHub.Tracking.Names;

namespace ExperimentHub.Tracking.Search;

/// <summary>A pattern of <c>like</c>, taken apart: % stands for any characters, _ for one, and \ takes the meaning from what follows.</summary>
public sealed class LikePattern
{
    private LikePattern(IReadOnlyList<Piece> pieces) => Pieces = pieces;

    public enum PieceKind
    {
        Literal,
        One,
        Any,
    }

    /// <param name="Text">Of a literal.</param>
    public readonly record struct Piece(PieceKind Kind, string Text = "");

    public IReadOnlyList<Piece> Pieces { get; }

    public static LikePattern Parse(string pattern)
    {
        var pieces = new List<Piece>();
        var literal = new StringBuilder();
        for (var i = 0; i < pattern.Length; i++)
        {
            var kind = pattern[i] == '%' ? PieceKind.Any : pattern[i] == '_' ? PieceKind.One : PieceKind.Literal;
            if (kind == PieceKind.Literal)
            {
                // At the very end a backslash stands for itself.
                if (pattern[i] == '\\' && i + 1 < pattern.Length)
                    i++;
                literal.Append(pattern[i]);
                continue;
            }

            End();
            pieces.Add(new Piece(kind));
        }

        End();
        return new LikePattern(pieces);

        void End()
        {
            if (literal.Length > 0)
                pieces.Add(new Piece(PieceKind.Literal, NameRule.Composed(literal.ToString())));
            literal.Clear();
        }
    }
}
