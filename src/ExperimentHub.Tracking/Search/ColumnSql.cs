using ExperimentHub.Tracking.Names;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// Spells columns as SQL, in what SQLite and PostgreSQL share. A value that the run does not have is NULL. Each value outside the run's own row
/// is looked up by a subquery, never joined: a join over hyperparameters and metrics would multiply rows, and leave it to the database where to begin.
/// </summary>
/// <param name="paramIds">The ids of the hyperparameters by the names that were typed; what is missing there no run has.</param>
internal sealed class ColumnSql(IReadOnlyDictionary<string, int> paramIds, SqlParameters parameters)
{
    /// <summary>The number of the run that a row is about; the outer row unless a statement says otherwise.</summary>
    public string Run { get; init; } = "d.\"RunNumber\"";

    /// <summary>The value that a comparison with <paramref name="like"/> needs: of a hyperparameter its number or its text.</summary>
    public string Value(SearchColumn column, object like) => column.Kind == ColumnKind.Param ? Param(column, Figure(column, like is double)) : Value(column);

    /// <summary>The only value of a column; of a hyperparameter its text.</summary>
    /// <remarks>BETWEEN means = in the lookup of a metric: at = SQLite takes the unique index without comparing, which knows no figures, and reads the wide rows as well.</remarks>
    public string Value(SearchColumn column) => column.Kind switch
    {
        ColumnKind.Attribute => RunAttributes.Find(column.Name)!.Sql,
        ColumnKind.Param => Param(column, "Text"),
        ColumnKind.Tag => $"(SELECT t.\"Value\" FROM \"RunTags\" t WHERE t.\"RunNumber\" = {Run} AND t.\"NameKey\" = {parameters.Add(NameRule.Key(column.Name))})",
        _ => $"(SELECT m.\"{Figure(column)}\" FROM \"MetricSeries\" m WHERE m.\"Name\" = {parameters.Add(column.Name)} AND m.\"RunNumber\" BETWEEN {Run} AND {Run})",
    };

    /// <summary>What a table shows. Of a hyperparameter its text with a mark before it, n where it is a number: one lookup instead of two.</summary>
    public string Cell(SearchColumn column) => column.Kind != ColumnKind.Param ? Value(column)
        : $"(SELECT CASE WHEN p.\"Number\" IS NULL THEN 's' ELSE 'n' END || p.\"Text\" FROM \"RunParams\" p WHERE p.\"ParamId\" = {ParamId(column)} AND p.\"RunNumber\" = {Run})";

    /// <summary>The table whose index has the order of the column, as rows called d, and the condition that leaves only this column's rows.</summary>
    public (string Table, string Condition) Rows(SearchColumn column) => column.Kind switch
    {
        ColumnKind.Param => ("\"RunParams\"", $"d.\"ParamId\" = {ParamId(column)}"),
        ColumnKind.Tag => ("\"RunTags\"", $"d.\"NameKey\" = {parameters.Add(NameRule.Key(column.Name))}"),
        ColumnKind.Metric => ("\"MetricSeries\"", $"d.\"Name\" = {parameters.Add(column.Name)}"),
        _ => throw new ArgumentException($"{column} has no rows of its own.", nameof(column)),
    };

    /// <summary>The name of the database's column that holds the value.</summary>
    /// <param name="number">Of a hyperparameter, whether its number is meant.</param>
    public static string Figure(SearchColumn column, bool number = false) => column.Kind switch
    {
        ColumnKind.Param => number ? "Number" : "Text",
        ColumnKind.Tag => "Value",
        _ => column.Plain.Figure.ToString(),
    };

    private string Param(SearchColumn column, string figure) =>
        $"(SELECT p.\"{figure}\" FROM \"RunParams\" p WHERE p.\"ParamId\" = {ParamId(column)} AND p.\"RunNumber\" = {Run})";

    private string ParamId(SearchColumn column) => parameters.Add(paramIds.GetValueOrDefault(column.Name, -1));
}
