namespace ExperimentHub.Tracking.Tests.Search;

/// <summary>
/// The order of a search, said once more: missing values last, numbers before texts, and of equal runs the number decides as the first column does.
/// </summary>
internal static class PlainOrder
{
    public static IEnumerable<PlainRun> Sort(IEnumerable<PlainRun> runs, IReadOnlyList<(string Column, bool Descending)> order)
    {
        var sorted = runs.ToList();
        var newestFirst = order.Count == 0 || order[0].Descending;
        sorted.Sort((a, b) =>
        {
            foreach (var (column, descending) in order)
            {
                if (Compare(a, b, column, descending) is not 0 and var different)
                    return different;
            }

            return newestFirst ? b.Number.CompareTo(a.Number) : a.Number.CompareTo(b.Number);
        });
        return sorted;
    }

    private static int Compare(PlainRun a, PlainRun b, string column, bool descending)
    {
        var sign = descending ? -1 : 1;
        return (a[column], b[column]) switch
        {
            (null, null) => 0,
            (null, _) => 1,
            (_, null) => -1,
            (string x, string y) => sign * DatabaseText.Of(column).Compare(x, y),
            (double, string) => -1,
            (string, double) => 1,
            (double x, double y) => sign * x.CompareTo(y),
            (DateTime x, DateTime y) => sign * x.CompareTo(y),
            _ => throw new InvalidOperationException(column),
        };
    }
}
