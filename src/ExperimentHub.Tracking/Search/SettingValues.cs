namespace ExperimentHub.Tracking.Search;

/// <summary>Values of a column in the order in which a person looks for them.</summary>
public static class SettingValues
{
    /// <summary>Numbers before texts, since a hyperparameter may be either; texts without case; what is missing first.</summary>
    public static IComparer<object?> Order { get; } = Comparer<object?>.Create((one, other) => (one, other) switch
    {
        (null, null) => 0,
        (null, _) => -1,
        (_, null) => 1,
        (double number, double another) => number.CompareTo(another),
        (double, _) => -1,
        (_, double) => 1,
        (DateTime time, DateTime another) => time.CompareTo(another),
        (bool flag, bool another) => flag.CompareTo(another),
        _ => string.Compare(one.ToString(), other.ToString(), StringComparison.CurrentCultureIgnoreCase),
    });
}
