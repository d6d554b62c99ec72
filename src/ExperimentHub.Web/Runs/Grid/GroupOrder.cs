using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Web.Runs.Grid;

/// <summary>A figure of a group that the table of groups can be sorted by.</summary>
public enum GroupFigure
{
    Key,
    Runs,
    Mean,
    Margin,
    Deviation,
    Best,
    Least,
    Greatest,
}

/// <summary>The order of the groups of runs, as it stands in the address: <c>-mean</c>, <c>key1</c>.</summary>
/// <param name="Place">Of a key: which one, counted from 0.</param>
public sealed record GroupOrder(GroupFigure Figure, int Place, bool Descending)
{
    /// <summary>null where the text is no order.</summary>
    public static GroupOrder? Parse(string text)
    {
        var name = text.TrimStart('-');
        var place = name.StartsWith("key", StringComparison.Ordinal) && int.TryParse(name.AsSpan(3), out var number)
            && number is >= 0 and < RunGrouping.MaxColumns ? number : -1;
        if (place >= 0)
            return new GroupOrder(GroupFigure.Key, place, text.StartsWith('-'));
        return Enum.TryParse<GroupFigure>(name, ignoreCase: true, out var figure) && Enum.IsDefined(figure) && figure != GroupFigure.Key
            && !char.IsAsciiDigit(name[0])
            ? new GroupOrder(figure, 0, text.StartsWith('-')) : null;
    }

    public override string ToString() =>
        $"{(Descending ? "-" : "")}{(Figure == GroupFigure.Key ? $"key{Place}" : Figure.ToString().ToLowerInvariant())}";

    /// <summary>A click on a heading: its better end first, then the other one, then the usual order, which is null.</summary>
    /// <param name="direction">Which values of what is measured are better.</param>
    public static GroupOrder? After(GroupOrder? now, GroupFigure figure, int place, MetricDirection direction)
    {
        var first = new GroupOrder(figure, place, figure switch
        {
            GroupFigure.Key or GroupFigure.Margin or GroupFigure.Deviation => false,
            GroupFigure.Mean or GroupFigure.Best or GroupFigure.Least or GroupFigure.Greatest => direction != MetricDirection.LowerIsBetter,
            _ => true,
        });
        return now == first ? first with { Descending = !first.Descending } : now == first with { Descending = !first.Descending } ? null : first;
    }

    /// <summary>Groups without the figure are the last, whichever end is first.</summary>
    public IEnumerable<RunGroup> Sort(IEnumerable<RunGroup> groups)
    {
        var ordered = groups.OrderBy(group => ValueOf(group) is null);
        return Descending ? ordered.ThenByDescending(ValueOf, SettingValues.Order) : ordered.ThenBy(ValueOf, SettingValues.Order);
    }

    private object? ValueOf(RunGroup group) => Figure switch
    {
        GroupFigure.Key => group.Keys.ElementAtOrDefault(Place),
        GroupFigure.Runs => (double)group.Runs,
        GroupFigure.Mean => group.Mean,
        GroupFigure.Margin => group.Margin,
        GroupFigure.Deviation => group.Deviation,
        GroupFigure.Best => group.Best,
        GroupFigure.Least => group.Min,
        _ => group.Max,
    };
}
