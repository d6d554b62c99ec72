namespace ExperimentHub.Protocol.Devices;

/// <summary>What a GPU can compute, as NVIDIA numbers it: 7.5 is Turing, 8.0 Ampere, 9.0 Hopper.</summary>
public readonly record struct ComputeCapability(int Major, int Minor) : IComparable<ComputeCapability>
{
    public int CompareTo(ComputeCapability other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    public static bool operator <(ComputeCapability a, ComputeCapability b) => a.CompareTo(b) < 0;

    public static bool operator >(ComputeCapability a, ComputeCapability b) => a.CompareTo(b) > 0;

    public static bool operator <=(ComputeCapability a, ComputeCapability b) => a.CompareTo(b) <= 0;

    public static bool operator >=(ComputeCapability a, ComputeCapability b) => a.CompareTo(b) >= 0;

    public override string ToString() => $"{Major}.{Minor}";
}
