using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Parameters;

/// <summary>
/// Finds the hyperparameter that a name means. In this order: the dotted path as it is; the same without regard to case, _ and -; the
/// object whose <c>kind</c> it is, so that <c>optimizer</c> is <c>optimizer.kind</c>; the end of a single path, so that <c>learning_rate</c> is
/// <c>optimizer.learningRate</c>; a customary abbreviation.
/// </summary>
internal sealed class ParamNameBook
{
    private static readonly Dictionary<string, string> Abbreviations = new(StringComparer.Ordinal)
    {
        ["lr"] = "learningrate",
        ["bs"] = "batchsize",
        ["wd"] = "weightdecay",
    };

    private readonly List<(int Id, string Name, string Plain)> _names;

    private ParamNameBook(List<(int Id, string Name, string Plain)> names) => _names = names;

    public IEnumerable<string> Names => _names.Select(name => name.Name);

    public static async Task<ParamNameBook> ReadAsync(TrackingDb db, CancellationToken cancellation)
    {
        return new ParamNameBook(await Statement.ListAsync(db, """SELECT "Id", "Name" FROM "ParamNames" ORDER BY "Id" """, new SqlParameters(),
            row => (row.GetInt32(0), row.GetString(1), Plain(row.GetString(1))), cancellation));
    }

    /// <returns>The one that it means; several where it could mean each of them; none where no run has it.</returns>
    public IReadOnlyList<(int Id, string Name)> Find(string typed)
    {
        var plain = Plain(typed);
        var meant = Abbreviations.GetValueOrDefault(plain, plain);
        ReadOnlySpan<Func<(int Id, string Name, string Plain), bool>> ways =
        [
            name => name.Name == typed,
            name => name.Plain == plain,
            name => name.Plain == $"{plain}.kind",
            name => name.Plain.EndsWith($".{plain}", StringComparison.Ordinal),
            name => name.Plain == meant || name.Plain.EndsWith($".{meant}", StringComparison.Ordinal),
        ];
        foreach (var way in ways)
        {
            if (_names.Where(way).Select(name => (name.Id, name.Name)).ToList() is { Count: > 0 } found)
                return found;
        }

        return [];
    }

    private static string Plain(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
}
