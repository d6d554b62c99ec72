using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Tracking.Search;

/// <summary>Turns numbers that were written with a unit into the unit that a column is kept in.</summary>
internal static class Quantity
{
    /// <summary>Hyperparameters that are never below 0 nor above 1, by the last part of their names.</summary>
    private static readonly HashSet<string> FractionParams = new(StringComparer.OrdinalIgnoreCase)
    {
        "momentum", "beta1", "beta2", "alpha", "dropout", "p", "labelSmoothing", "eraseProbability", "risingFraction", "finalFactor", "gamma",
        "weightDecay",
    };

    /// <summary>The unit of a column's numbers.</summary>
    public static MetricUnit UnitOf(SearchColumn column) => column.Kind switch
    {
        ColumnKind.Metric => MetricNames.UnitOf(column.Name),
        ColumnKind.Param => FractionParams.Contains(column.Name[(column.Name.LastIndexOf('.') + 1)..].Replace("_", "", StringComparison.Ordinal))
            ? MetricUnit.Fraction : MetricUnit.None,
        _ => MetricUnit.None,
    };

    /// <summary>The value that a token has in a column of numbers; null where its unit does not belong there.</summary>
    public static double? Of(SearchColumn column, FilterToken token) => token.Kind switch
    {
        // A metric that is kept in percent is meant as it is written.
        FilterTokenKind.Percent => UnitOf(column) == MetricUnit.Percent ? token.Number : token.Number / 100,
        // An M alone is a million, unless it stands where a duration belongs.
        FilterTokenKind.Duration when token.Unit is { } unit && Units.Multiple(unit) is { } factor => token.Number / Units.Seconds(unit) * factor,
        FilterTokenKind.Duration or FilterTokenKind.Size when column.Kind == ColumnKind.Attribute => null,
        _ => token.Number,
    };
}
