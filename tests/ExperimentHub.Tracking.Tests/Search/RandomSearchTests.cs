using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Tracking.Tests.Search;

/// <summary>
/// The filter language, the order, the pages and the groups against an evaluation in memory that knows nothing of the parser and of SQL.
/// </summary>
public sealed class RandomSearchTests : IAsyncLifetime
{
    private const int Filters = 6_000;
    private const int Orders = 2_000;
    private const int Groupings = 2_000;
    private const int Runs = 48;

    private readonly int _seed;
    private EmptyHub _hub = null!;
    private List<PlainRun> _runs = null!;
    private Random _random = null!;

    public RandomSearchTests(ITestOutputHelper output) => _seed = TestSeed.Take(output.WriteLine);

    public async ValueTask InitializeAsync()
    {
        _random = new Random(_seed);
        _hub = await EmptyHub.CreateAsync();
        _runs = await RandomRuns.MakeAsync(_hub, _random, Runs);
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Filter_AnyOfThousands_FindsWhatAPlainEvaluationFinds()
    {
        var search = _hub.Get<RunSearch>();
        var filters = new RandomFilter(_random);
        var found = 0;
        for (var i = 0; i < Filters; i++)
        {
            var filter = filters.Next();
            var result = await search.NumbersAsync(new RunQuery(filter.Text), TestContext.Current.CancellationToken);
            Assert.True(result.Answer is not null, Case(i, filter.Text, string.Join(' ', result.Problems)));
            var expected = _runs.Where(run => filter.Holds(run) == true).Select(run => run.Number).ToList();
            Assert.True(expected.SequenceEqual(result.Answer!.Numbers.Order()),
                Case(i, filter.Text, $"expected {string.Join(',', expected)}, found {string.Join(',', result.Answer!.Numbers.Order())}"));
            found += expected.Count;
        }

        // Filters that never find anything would test nothing.
        Assert.InRange(found, Filters * Runs / 20, Filters * Runs * 19 / 20);
    }

    [Fact]
    public async Task Order_AnyOfThousands_PagesAsAPlainSortDoes()
    {
        var search = _hub.Get<RunSearch>();
        var filters = new RandomFilter(_random);
        for (var i = 0; i < Orders; i++)
        {
            var filter = filters.Next(2);
            (string Column, bool Descending)[] order =
                [.. Enumerable.Range(0, _random.Next(4))
                    .Select(_ => (RandomFilter.Columns[_random.Next(RandomFilter.Columns.Count)], _random.Next(2) == 0))
                    .DistinctBy(term => term.Item1)];
            var query = new RunQuery(filter.Text, string.Join(", ",
                order.Select(term => $"{term.Column}{(term.Descending ? " DESC" : _random.Next(2) == 0 ? " asc" : "")}")));
            var size = 1 + _random.Next(_random.Next(2) == 0 ? 6 : 60);
            var numbers = new List<long>();
            string? token = null;
            do
            {
                var page = await search.ListAsync(query, pageSize: size, pageToken: token, cancellation: TestContext.Current.CancellationToken);
                Assert.True(page.Answer is not null, Case(i, query.ToString(), string.Join(' ', page.Problems)));
                numbers.AddRange(page.Answer!.Items.Select(row => row.Run.Number));
                token = page.Answer.NextPageToken;
            }
            while (token is not null && numbers.Count <= Runs);
            var expected = PlainOrder.Sort(_runs.Where(run => filter.Holds(run) == true), order).Select(run => run.Number).ToList();
            Assert.True(expected.SequenceEqual(numbers),
                Case(i, $"{query} by {size}", $"expected {string.Join(',', expected)}, found {string.Join(',', numbers)}"));
        }
    }

    [Fact]
    public async Task Group_AnyOfThousands_HasTheFiguresOfAPlainGrouping()
    {
        var grouping = _hub.Get<RunGrouping>();
        var filters = new RandomFilter(_random);
        for (var i = 0; i < Groupings; i++)
        {
            var filter = filters.Next(1);
            string[] columns = [.. Enumerable.Range(0, 1 + _random.Next(3))
                .Select(_ => RandomFilter.Columns[_random.Next(RandomFilter.Columns.Count)]).Distinct()];
            var (metric, lower) = _random.Next(2) == 0
                ? (RandomRuns.MetricColumn("train_loss"), true) : (RandomRuns.MetricColumn("test_accuracy", "max"), false);
            var text = $"{filter.Text} GROUP BY {string.Join(", ", columns)} of {metric}";
            var result = await grouping.GroupAsync(new RunQuery(filter.Text), string.Join(", ", columns), metric,
                TestContext.Current.CancellationToken);
            Assert.True(result.Answer is not null, Case(i, text, string.Join(' ', result.Problems)));
            var expected = _runs.Where(run => filter.Holds(run) == true)
                .GroupBy(run =>
                    string.Join('|', columns.Select(column => Shown(column == "status" ? run.TextOf(column)!.ToLowerInvariant() : run[column]))))
                .ToDictionary(group => group.Key, group => group.ToList());
            var found = result.Answer!.Items.ToDictionary(group => string.Join('|', group.Keys.Select(Shown)));
            Assert.True(expected.Keys.ToHashSet().SetEquals(found.Keys),
                Case(i, text, $"expected {string.Join(';', expected.Keys)}, found {string.Join(';', found.Keys)}"));
            foreach (var (key, runs) in expected)
            {
                double[] values = [.. runs.Select(run => run[metric]).OfType<double>().Where(double.IsFinite)];
                var group = found[key];
                var scale = values.Select(Math.Abs).DefaultIfEmpty().Max();
                var mean = values.Length == 0 ? (double?)null : values.Average();
                var deviation = values.Length < 2
                    ? (double?)null : Math.Sqrt(values.Sum(value => (value - mean!.Value) * (value - mean.Value)) / (values.Length - 1));
                Assert.True(group.Runs == runs.Count && group.Measured == values.Length && Near(group.Mean, mean, scale)
                    && Near(group.Deviation, deviation, scale)
                    && group.Best == (values.Length == 0 ? null : lower ? values.Min() : values.Max()),
                    Case(i, text, $"{key}: {group} of {string.Join(", ", values)}"));
            }
        }
    }

    /// <param name="scale">Of the values that it was made of: sums and differences are as exact as they are.</param>
    private static bool Near(double? a, double? b, double scale) =>
        a == b || (a is { } x && b is { } y && (Math.Abs(x - y) <= 1e-9 * Math.Max(Math.Max(Math.Abs(x), Math.Abs(y)), scale)
            || !double.IsFinite(x)));

    private static string Shown(object? value) =>
        value switch
        {
            null =>
            "null",
            string text => $"text {text}",
            DateTime time => time.ToString("O"),
            _ => FormattableString.Invariant($"number {value:R}")
        };

    private string Case(int number, string what, string found) => $"seed {_seed}, case {number}: {what}\n{found}";
}
