namespace ExperimentHub.Tracking.Comparisons;

/// <summary>
/// A regression forest (Breiman 2001) for the few hundred rows of a comparison: bootstrapped trees with splits at the greatest fall of squared error,
/// a third of the columns tried at each. The same rows give the same forest.
/// </summary>
internal sealed class RandomForest
{
    private const int Trees = 100;
    private const int LeastRows = 4;
    private const int MostDepth = 12;

    private readonly Node[] _trees = new Node[Trees];

    // For each tree the rows that it never saw.
    private readonly int[][] _outOfBag = new int[Trees][];

    /// <param name="rows">At least two, all of the same length.</param>
    /// <param name="targets">One for each row.</param>
    public RandomForest(IReadOnlyList<double[]> rows, IReadOnlyList<double> targets)
    {
        var random = new Random(1);
        var columns = Math.Max(1, (rows[0].Length + 2) / 3);
        for (var tree = 0; tree < Trees; tree++)
        {
            int[] drawn = [.. Enumerable.Range(0, rows.Count).Select(_ => random.Next(rows.Count))];
            _outOfBag[tree] = [.. Enumerable.Range(0, rows.Count).Except(drawn)];
            _trees[tree] = Grow(rows, targets, drawn, columns, MostDepth, random);
        }
    }

    /// <summary>
    /// How much the squared error on rows that a tree did not see grows when a column's values change places among them, by column. At most 0 where a
    /// column says nothing.
    /// </summary>
    public double[] PermutationImportance(IReadOnlyList<double[]> rows, IReadOnlyList<double> targets)
    {
        var random = new Random(2);
        var importance = new double[rows[0].Length];
        for (var tree = 0; tree < Trees; tree++)
        {
            var outside = _outOfBag[tree];
            if (outside.Length < 2)
                continue;
            var error = outside.Sum(row => Square(_trees[tree].Predict(rows[row]) - targets[row]));
            for (var column = 0; column < importance.Length; column++)
            {
                var values = outside.Select(row => rows[row][column]).ToArray();
                random.Shuffle(values);
                var shuffled = outside.Select((row, i) =>
                {
                    var changed = (double[])rows[row].Clone();
                    changed[column] = values[i];
                    return Square(_trees[tree].Predict(changed) - targets[row]);
                }).Sum();
                importance[column] += (shuffled - error) / outside.Length / Trees;
            }
        }

        return importance;
    }

    private static Node Grow(IReadOnlyList<double[]> rows, IReadOnlyList<double> targets, int[] here, int columns, int depth, Random random)
    {
        var mean = here.Average(row => targets[row]);
        if (depth == 0 || here.Length < LeastRows)
            return new Node(mean);
        var tried = Enumerable.Range(0, rows[0].Length).ToArray();
        random.Shuffle(tried);
        var best = (Error: here.Sum(row => Square(targets[row] - mean)) * (1 - 1e-9), Column: -1, At: 0.0);
        foreach (var column in tried.Take(columns))
        {
            if (BestSplit(rows, targets, here, column) is { } split && split.Error < best.Error)
                best = (split.Error, column, split.At);
        }

        if (best.Column < 0)
            return new Node(mean);
        int[] low = [.. here.Where(row => rows[row][best.Column] <= best.At)];
        int[] high = [.. here.Where(row => rows[row][best.Column] > best.At)];
        return new Node(mean, best.Column, best.At, Grow(rows, targets, low, columns, depth - 1, random),
            Grow(rows, targets, high, columns, depth - 1, random));
    }

    /// <summary>One pass over the sorted values: the error of both sides from their sums.</summary>
    private static (double Error, double At)? BestSplit(IReadOnlyList<double[]> rows, IReadOnlyList<double> targets, int[] here, int column)
    {
        var sorted = here.OrderBy(row => rows[row][column]).ToArray();
        var (sum, squares) = (sorted.Sum(row => targets[row]), sorted.Sum(row => Square(targets[row])));
        var (lowSum, lowSquares) = (0.0, 0.0);
        (double Error, double At)? best = null;
        for (var i = 1; i < sorted.Length; i++)
        {
            lowSum += targets[sorted[i - 1]];
            lowSquares += Square(targets[sorted[i - 1]]);
            var (before, after) = (rows[sorted[i - 1]][column], rows[sorted[i]][column]);
            if (before == after)
                continue;
            var error = lowSquares - Square(lowSum) / i + (squares - lowSquares) - Square(sum - lowSum) / (sorted.Length - i);
            if (best is null || error < best.Value.Error)
                best = (error, before + (after - before) / 2);
        }

        return best;
    }

    private static double Square(double value) => value * value;

    /// <summary>A leaf where <paramref name="Low"/> is null.</summary>
    private sealed record Node(double Mean, int Column = -1, double At = 0, Node? Low = null, Node? High = null)
    {
        public double Predict(double[] row)
        {
            var node = this;
            while (node.Low is not null)
                node = row[node.Column] <= node.At ? node.Low : node.High!;
            return node.Mean;
        }
    }
}
