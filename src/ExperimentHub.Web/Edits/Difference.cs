namespace ExperimentHub.Web.Edits;

/// <summary>A value that differs, as a person reads it.</summary>
/// <param name="Name">What it is, as "epochs".</param>
/// <param name="Before">On the left: what was, or what somebody else saved. Empty where there is nothing.</param>
/// <param name="After">On the right: what will be, or what one has oneself.</param>
/// <param name="IsProse">What people write, shown line by line however short.</param>
public sealed record Difference(string Name, string Before, string After, bool IsProse = false)
{
    /// <summary>Does not stand beside each other: shown line by line.</summary>
    public bool IsText => IsProse || Before.Length > 80 || After.Length > 80 || Before.Contains('\n', StringComparison.Ordinal)
        || After.Contains('\n', StringComparison.Ordinal);
}

public enum LineKind
{
    Same,
    Before,
    After,
}

/// <summary>A line of one of two texts, or of both.</summary>
public readonly record struct DifferentLine(LineKind Kind, string Text);

/// <summary>How two texts differ, line by line: the longest common lines stay, the others are of one or of the other.</summary>
public static class TextDifference
{
    /// <summary>
    /// Beyond this many pairs of lines the middle is shown as all old and all new: nobody reads that much line by line, and it must not take seconds.
    /// </summary>
    private const int MostPairs = 1_000_000;

    public static IReadOnlyList<DifferentLine> Of(string before, string after)
    {
        var (old, now) = (Lines(before), Lines(after));
        var start = 0;
        while (start < old.Length && start < now.Length && old[start] == now[start])
            start++;
        var end = 0;
        while (end < old.Length - start && end < now.Length - start && old[^(end + 1)] == now[^(end + 1)])
            end++;
        var lines = old[..start].Select(Same).ToList();
        lines.AddRange(Middle(old[start..^end], now[start..^end]));
        lines.AddRange(old[^end..].Select(Same));
        return lines;
    }

    private static List<DifferentLine> Middle(string[] old, string[] now)
    {
        if ((long)old.Length * now.Length > MostPairs)
            return [.. old.Select(Gone), .. now.Select(New)];
        // The longest common part of what follows each pair.
        var common = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = now.Length - 1; j >= 0; j--)
                common[i, j] = old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        var lines = new List<DifferentLine>();
        var (left, right) = (0, 0);
        while (left < old.Length && right < now.Length)
        {
            if (old[left] == now[right])
            {
                lines.Add(Same(old[left++]));
                right++;
            }
            else
            {
                lines.Add(common[left + 1, right] >= common[left, right + 1] ? Gone(old[left++]) : New(now[right++]));
            }
        }

        lines.AddRange(old[left..].Select(Gone));
        lines.AddRange(now[right..].Select(New));
        return lines;
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.ReplaceLineEndings("\n").Split('\n');

    private static DifferentLine Same(string line) => new(LineKind.Same, line);

    private static DifferentLine Gone(string line) => new(LineKind.Before, line);

    private static DifferentLine New(string line) => new(LineKind.After, line);
}
