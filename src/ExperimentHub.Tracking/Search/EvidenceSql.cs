using System.Data.Common;
using System.Globalization;
using ExperimentHub.Tracking.Queries;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Search;

/// <summary>What a run tells of itself where runs are counted together.</summary>
internal readonly record struct ToldRun(Evidence Evidence, EvidenceRank Rank, bool Diverged);

/// <summary>
/// Reads the <see cref="Evidence"/> of runs that are streamed, from their own rows and those of their trainings: no spec is parsed for it.
/// </summary>
internal static class EvidenceSql
{
    public static IReadOnlyList<string> Columns(ColumnSql sql) =>
    [
        sql.Training("Recipe"), sql.Training("Seed"), sql.Training("DatasetSha256"), sql.Training("Dataset"),
        $"COALESCE({sql.Training("DeviceKind")}, {sql.Training("DeviceGroup")})",
        "r.\"Status\"", "r.\"EndedAt\"", sql.Training("EpochsDone"), "r.\"Number\"", $"CASE WHEN {sql.Training("Diverged")} THEN 1 END",
    ];

    public static ToldRun Read(DbDataReader row, int first)
    {
        var number = row.GetInt64(first + 8);
        // A run whose recipe nobody knows repeats nobody, and so does one without a training.
        var recipe = Statement.TextAt(row, first) is { Length: > 0 } known ? known : number.ToString(CultureInfo.InvariantCulture);
        var evidence = Evidence.Of(
            recipe, row.IsDBNull(first + 1) ? 0 : row.GetInt64(first + 1), Statement.TextAt(row, first + 2), Statement.TextAt(row, first + 3)
                ?? "", Statement.TextAt(row, first + 4) ?? "");
        DateTime? endedAt = row.IsDBNull(first + 6) ? null : row.GetDateTime(first + 6);
        return new ToldRun(evidence, new EvidenceRank(row.GetString(first + 5) == nameof(RunStatus.Finished), endedAt,
            row.IsDBNull(first + 7) ? 0 : row.GetInt32(first + 7), number), !row.IsDBNull(first + 9));
    }
}
