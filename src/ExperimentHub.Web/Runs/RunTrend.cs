
namespace ExperimentHub.Web.Runs;

/// <summary>What <see cref="RunTrendChart"/> draws; run-trend.js says how.</summary>
/// <param name="Points">The earliest first.</param>
/// <param name="IsFraction">Shown as per cent.</param>
/// <param name="IsJoined">By a line, with gaps; otherwise each dot has its run's colour.</param>
/// <param name="IsOfUtc">The points carry what other clocks than the viewer's show, as if that were UTC.</param>
/// <param name="Best">Time and value wherever something better came, and at the end.</param>
/// <param name="Breaks">Times at which the settings changed: what lies on both sides is not comparable, and no line joins it.</param>
public sealed record RunTrend(
    IReadOnlyList<RunTrendPoint> Points, bool IsFraction, bool IsJoined = false, bool IsOfUtc = false, IReadOnlyList<double[]>? Best = null,
    IReadOnlyList<RunTrendBreak>? Breaks = null)
{
    // Only what would be drawn differently is drawn again.
    public bool Equals(RunTrend? other) => other is not null && IsFraction == other.IsFraction && Points.SequenceEqual(other.Points);

    public override int GetHashCode() => Points.Count;
}

/// <param name="At">Unix milliseconds, of the first point after it.</param>
/// <param name="Words">What changed.</param>
public sealed record RunTrendBreak(long At, string Words);

/// <param name="At">Unix milliseconds.</param>
/// <param name="Value">null for a gap.</param>
/// <param name="Name">Of the run, or why there is none.</param>
/// <param name="When">The time in words; null for the viewer's own.</param>
/// <param name="Repeats">It is the same training as another point, stands beside the line and counts for nothing.</param>
public sealed record RunTrendPoint(long At, double? Value, string Name, string? Run, string? When = null, int Colour = 0, bool Repeats = false);
