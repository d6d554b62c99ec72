namespace ExperimentHub.Protocol.Trainers;

/// <summary>
/// The version of libtorch as runs and checkpoints record it: "2.10.0", said by the library itself. Earlier trainers recorded the version of the
/// package that they were built with, which has a fourth number that says nothing of the library.
/// </summary>
public static class RecordedTorch
{
    public static string Plain(string recorded) =>
        recorded.Split('.') is [var major, var minor, var patch, "0"] ? $"{major}.{minor}.{patch}" : recorded;

    /// <summary>Whether two records speak of one version.</summary>
    public static bool Same(string? one, string? other) => one == other || (one is not null && other is not null && Plain(one) == Plain(other));
}
