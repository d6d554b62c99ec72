using ExperimentHub.Tracking.Queries;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Search;

/// <summary>Reads what a table shows of runs whose numbers are known.</summary>
internal sealed class RunRows(TrackingDb db, BoundSearch search)
{
    /// <summary>In the order of the numbers; a run that is gone meanwhile is left out.</summary>
    public async Task<IReadOnlyList<RunRow>> ReadAsync(IReadOnlyList<long> numbers, IReadOnlyList<SearchColumn> columns,
        CancellationToken cancellation)
    {
        if (numbers.Count == 0)
            return [];
        var runs = await db.Runs.AsNoTracking().Include(run => run.Experiment).Include(run => run.Tags.OrderBy(tag => tag.Name)).AsSplitQuery()
            .Where(run => numbers.Contains(run.Number)).ToDictionaryAsync(run => run.Number, cancellation);
        await RunFigures.LoadAsync(db, runs.Values, cancellation);
        var cells = columns.Count == 0 ? [] : await CellsAsync(numbers, columns, cancellation);
        return [.. numbers.Where(runs.ContainsKey).Select(number => new RunRow(runs[number], cells.GetValueOrDefault(number, [])))];
    }

    public async Task<Dictionary<long, object?[]>> CellsAsync(IReadOnlyList<long> numbers, IReadOnlyList<SearchColumn> columns,
        CancellationToken cancellation)
    {
        var parameters = new SqlParameters();
        var sql = new ColumnSql(search.ParamIds, parameters) { Run = "r.\"Number\"" };
        var values = string.Join(", ", CellSql.Of(search.Plain(columns), sql));
        var rows = await Statement.ListAsync(db, $"""
            SELECT r."Number", {values} FROM "Runs" r CROSS JOIN "Experiments" e{sql.Joins}
            WHERE r."Number" IN ({string.Join(", ", numbers.Select(number => parameters.Add(number)))}) AND e."Id" = r."ExperimentId"
            """, parameters, row => (row.GetInt64(0), CellSql.Read(row, columns, 1)), cancellation);
        return rows.ToDictionary(row => row.Item1, row => row.Item2);
    }
}
