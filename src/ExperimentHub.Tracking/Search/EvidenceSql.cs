using System.Data.Common;
using System.Globalization;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Search;

/// <summary>What a run tells of itself where runs are counted together.</summary>
internal readonly record struct ToldRun(Evidence Evidence, EvidenceRank Rank, bool Diverged);

/// <summary>Reads the <see cref="Evidence"/> of runs that are streamed, from their own rows: no spec is parsed for it.</summary>
internal static class EvidenceSql
{
    /// <summary>Over the table Runs as r.</summary>
    public static IReadOnlyList<string> Columns { get; } =
    [
        "r.\"Recipe\"", "r.\"Seed\"", "r.\"DatasetSha256\"", "r.\"Dataset\"", "COALESCE(r.\"DeviceKind\", r.\"DeviceGroup\")",
        "r.\"Status\"", "r.\"EndedAt\"", "r.\"EpochsDone\"", "r.\"Number\"", "CASE WHEN r.\"Diverged\" THEN 1 END",
    ];

    public static ToldRun Read(DbDataReader row, int first)
    {
        var number = row.GetInt64(first + 8);
        // A run whose recipe nobody knows repeats nobody.
        var recipe = row.GetString(first) is { Length: > 0 } known ? known : number.ToString(CultureInfo.InvariantCulture);
        var evidence = Evidence.Of(recipe, row.GetInt64(first + 1), row.IsDBNull(first + 2) ? null : row.GetString(first + 2), row.GetString(first + 3), row.GetString(first + 4));
        DateTime? endedAt = row.IsDBNull(first + 6) ? null : row.GetDateTime(first + 6);
        return new ToldRun(evidence, new EvidenceRank(row.GetString(first + 5) == nameof(RunStatus.Finished), endedAt, row.GetInt32(first + 7), number), !row.IsDBNull(first + 9));
    }
}
