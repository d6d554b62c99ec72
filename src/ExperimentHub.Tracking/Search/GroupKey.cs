namespace ExperimentHub.Tracking.Search;

/// <summary>The values that make a group, compared one by one. Numbers come before texts, and what is missing last.</summary>
internal readonly struct GroupKey(object?[] values) : IEquatable<GroupKey>, IComparable<GroupKey>
{
    public object?[] Values { get; } = values;

    public bool Equals(GroupKey other) => Values.AsSpan().SequenceEqual(other.Values);

    public override bool Equals(object? obj) => obj is GroupKey other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in Values)
            hash.Add(value);
        return hash.ToHashCode();
    }

    public int CompareTo(GroupKey other)
    {
        for (var i = 0; i < Values.Length; i++)
        {
            if (Compare(Values[i], other.Values[i]) is not 0 and var different)
                return different;
        }

        return 0;
    }

    private static int Compare(object? a, object? b) => (a, b) switch
    {
        (string left, string right) => string.CompareOrdinal(left, right),
        (IComparable left, not null) when left.GetType() == b.GetType() => left.CompareTo(b),
        _ => Rank(a).CompareTo(Rank(b)),
    };

    private static int Rank(object? value) => value switch { null => 3, string => 2, double => 0, _ => 1 };
}
