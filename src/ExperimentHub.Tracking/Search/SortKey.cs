using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Search;

/// <summary>One value that runs are sorted by; runs without it stand last.</summary>
/// <param name="Number">Of a hyperparameter: its number, not its text.</param>
internal sealed record SortKey(SearchColumn Column, bool Number, bool Descending)
{
    /// <summary>Hyperparameters are sorted by their numbers, those that are none by their texts after them. Most have only one of the two.</summary>
    public static async Task<IReadOnlyList<SortKey>> OfAsync(TrackingDb db, BoundSearch search, CancellationToken cancellation)
    {
        var keys = new List<SortKey>();
        foreach (var (column, descending) in search.Order)
        {
            var (numbers, texts) = column.Kind == ColumnKind.Param
                ? await KindsAsync(db, search.ParamIds.GetValueOrDefault(column.Name, -1), cancellation) : (false, true);
            if (numbers)
                keys.Add(new SortKey(column, Number: true, descending));
            if (texts || !numbers)
                keys.Add(new SortKey(column, Number: false, descending));
        }

        return keys;
    }

    public string Sql(ColumnSql columns) => columns.Value(Column, like: Number ? 0.0 : "");

    private static async Task<(bool Numbers, bool Texts)> KindsAsync(TrackingDb db, int param, CancellationToken cancellation)
    {
        var parameters = new SqlParameters();
        var id = parameters.Add(param);
        return (await Statement.ListAsync(db, $"""
            SELECT EXISTS (SELECT 1 FROM "RunParams" WHERE "ParamId" = {id} AND "Number" IS NOT NULL), EXISTS (SELECT 1 FROM "RunParams" WHERE "ParamId" = {id} AND "Number" IS NULL)
            """, parameters, row => (row.GetBoolean(0), row.GetBoolean(1)), cancellation))[0];
    }
}
