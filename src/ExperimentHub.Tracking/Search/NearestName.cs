namespace ExperimentHub.Tracking.Search;

/// <summary>Finds the name that somebody probably meant.</summary>
internal static class NearestName
{
    /// <summary>The nearest of the names, where it is near enough to be a slip: one edit in three characters, case aside.</summary>
    public static string? Of(string typed, IEnumerable<string> names)
    {
        var (nearest, least) = ((string?)null, Math.Max(1, typed.Length / 3) + 1);
        foreach (var name in names)
        {
            var distance = Distance(typed, name, least);
            if (distance < least)
                (nearest, least) = (name, distance);
        }

        return nearest;
    }

    /// <summary>
    /// Insertions, deletions, changes and swaps of neighbours that lead from one to the other; <paramref name="limit"/> where it is that many or
    /// more.
    /// </summary>
    private static int Distance(string from, string to, int limit)
    {
        if (Math.Abs(from.Length - to.Length) >= limit)
            return limit;
        int[] twoAbove = new int[to.Length + 1], above = [.. Enumerable.Range(0, to.Length + 1)], row = new int[to.Length + 1];
        for (var i = 1; i <= from.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var same = char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]);
                row[j] = Math.Min(Math.Min(row[j - 1], above[j]) + 1, above[j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 2])
                    && char.ToLowerInvariant(from[i - 2]) == char.ToLowerInvariant(to[j - 1]))
                    row[j] = Math.Min(row[j], twoAbove[j - 2] + 1);
            }

            (twoAbove, above, row) = (above, row, twoAbove);
        }

        return Math.Min(above[to.Length], limit);
    }
}
