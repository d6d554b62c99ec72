using System.Globalization;
using Statistics = MathNet.Numerics.Statistics;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>How much a hyperparameter had to do with a metric over some runs.</summary>
/// <param name="Share">Part of what all hyperparameters together explain, 0..1.</param>
/// <param name="Correlation">Spearman's rank correlation with the metric; null where the values are words.</param>
public sealed record HyperparameterImportance(string Name, double Share, double? Correlation)
{
    /// <summary>Fewer runs say nothing.</summary>
    public const int LeastRuns = 8;

    /// <summary>What the figures are, for the person who reads them.</summary>
    public const string Method = "Permutation importance of a random forest of 100 trees on all compared runs; correlation is Spearman's.";

    /// <param name="runs">For each run its hyperparameters as text, and the metric; runs without the metric are left out.</param>
    /// <returns>The most important first; only hyperparameters that differ. Empty with fewer than <see cref="LeastRuns"/> runs.</returns>
    public static IReadOnlyList<HyperparameterImportance> Of(IReadOnlyList<(IReadOnlyDictionary<string, string> Settings, double? Metric)> runs)
    {
        var known = runs.Where(run => run.Metric is { } metric && double.IsFinite(metric)).ToList();
        var targets = known.Select(run => run.Metric!.Value).ToArray();
        if (known.Count < LeastRuns || targets.Min() == targets.Max())
            return [];
        var columns = known.SelectMany(run => run.Settings.Keys).Distinct()
            .Select(name => Column.Of(name, [.. known.Select(run => run.Settings.GetValueOrDefault(name, ""))]))
            .OfType<Column>().ToList();
        if (columns.Count == 0)
            return [];
        double[][] rows = [.. Enumerable.Range(0, known.Count).Select(row => columns.Select(column => column.Values[row]).ToArray())];
        var importance = new RandomForest(rows, targets).PermutationImportance(rows, targets).Select(value => Math.Max(0, value)).ToArray();
        var sum = importance.Sum();
        return
        [
            .. columns.Select((column, i) => new HyperparameterImportance(
                    column.Name, sum == 0 ? 0 : importance[i] / sum, column.IsNumeric
                        ? Statistics.Correlation.Spearman(column.Values, targets) : null))
                .OrderByDescending(one => one.Share).ThenBy(one => one.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>A hyperparameter as numbers: its own, or the place of the word in alphabetical order.</summary>
    private sealed record Column(string Name, double[] Values, bool IsNumeric)
    {
        public static Column? Of(string name, string[] texts)
        {
            if (texts.Distinct().Count() < 2)
                return null;
            var numbers = new double[texts.Length];
            var numeric = true;
            for (var i = 0; i < texts.Length && numeric; i++)
                numeric = double.TryParse(texts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) && double.IsFinite(numbers[i]);
            if (numeric)
                return new Column(name, numbers, true);
            var words = texts.Distinct().Order(StringComparer.Ordinal).ToList();
            return new Column(name, [.. texts.Select(text => (double)words.IndexOf(text))], false);
        }
    }
}
