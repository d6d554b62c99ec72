using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Runs;

/// <summary>A run's line on every chart. The colour is the run's own; runs on one chart that share it differ by their dashes.</summary>
/// <param name="Colour">0 to 9: the CSS variable <c>--run-N</c>.</param>
/// <param name="Dash">0 solid, 1 dashed, 2 dotted.</param>
public readonly record struct RunLine(int Colour, int Dash);

/// <summary>Gives each run the same colour on every page.</summary>
public static class RunColours
{
    public const int Count = 10;
    private const int Dashes = 3;

    public static int Of(Run run) => Of(run.Number);

    /// <param name="number">The run's.</param>
    public static int Of(long number) => (int)(number % Count);

    /// <summary>The lines of runs that are drawn together, in their order.</summary>
    public static IReadOnlyList<RunLine> Together(IReadOnlyList<Run> runs)
    {
        var seen = new int[Count];
        return [.. runs.Select(Of).Select(colour => new RunLine(colour, seen[colour]++ % Dashes))];
    }
}
