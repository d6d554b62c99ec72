namespace ExperimentHub.Web.Compare;

/// <summary>What the settings of compared runs have to do with a metric, as an address asks to see it.</summary>
public sealed class RunRelations
{
    // More are too close to each other to be read.
    private const int MostAxes = 12;

    public RunRelations(ComparedRuns compared, CompareAddress address)
    {
        Measure = compared.Measure(address);
        X = compared.Find(address.X) ?? compared.Settings.FirstOrDefault(setting => !setting.IsSeed) ?? compared.Figures[^1];
        Y = compared.Find(address.Y) is { Numbers: not null } chosen ? chosen : Measure ?? compared.Figures[0];
        Axes = [.. compared.Settings.Where(setting => !setting.IsSeed).Take(MostAxes),
            .. Measure is null ? Array.Empty<CompareVariable>() : [Measure]];
        Brushes = [.. address.Keep.Where(brush => Axes.Any(axis => axis.Key == brush.Key))];
        Kept = [.. Enumerable.Range(0, compared.Runs.Count)
            .Select(run => Brushes.All(brush => brush.Keeps(Axes.First(axis => axis.Key == brush.Key), run)))];
    }

    /// <summary>The metric that the settings are looked at for; null where no run has it.</summary>
    public CompareVariable? Measure { get; }

    /// <summary>Along the scatter.</summary>
    public CompareVariable X { get; }

    /// <summary>Up the scatter.</summary>
    public CompareVariable Y { get; }

    /// <summary>Of the parallel coordinates, from left to right; fewer than two are not worth drawing.</summary>
    public IReadOnlyList<CompareVariable> Axes { get; }

    /// <summary>Those of the address that are about one of the axes; the others have nowhere to be seen, and do nothing.</summary>
    public IReadOnlyList<Brush> Brushes { get; }

    /// <summary>For each run, whether all brushes keep it.</summary>
    public IReadOnlyList<bool> Kept { get; }

    public int KeptCount => Kept.Count(kept => kept);

    /// <summary>The brush of an axis; null where it keeps all.</summary>
    public Brush? BrushOf(CompareVariable axis) => Brushes.FirstOrDefault(brush => brush.Key == axis.Key);
}
