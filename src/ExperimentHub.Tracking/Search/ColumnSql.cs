using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// Spells columns as SQL, in what SQLite and PostgreSQL share. A value that the run does not have is NULL. Each value outside the run's own row
/// is looked up by a subquery, never joined: a join over hyperparameters and metrics would multiply rows, and leave it to the database where to
/// begin.
/// </summary>
/// <param name="paramIds">The ids of the hyperparameters by the names that were typed; what is missing there no run has.</param>
internal sealed class ColumnSql(IReadOnlyDictionary<string, int> paramIds, SqlParameters parameters)
{
    public const string TrainingAlias = "tr.";

    /// <summary>Joins the trainings to the runs, of which each has one or none, so that no row is lost or doubled.</summary>
    private const string TrainingJoin = " LEFT JOIN \"Trainings\" tr ON tr.\"RunNumber\" = r.\"Number\"";

    private bool _usesTraining;

    /// <summary>What the statement needs behind its tables, once everything else of it is spelled: nothing, or the trainings.</summary>
    public string Joins => _usesTraining ? TrainingJoin : "";

    /// <summary>A column of the run's training; NULL where it has none.</summary>
    /// <remarks>COALESCE changes no value. It keeps SQLite from making an inner join of the outer one where a condition needs the column, and then
    /// beginning with the trainings.</remarks>
    public static string OfTraining(string column) => $"COALESCE({TrainingAlias}\"{column}\", NULL)";

    /// <inheritdoc cref="OfTraining"/>
    public string Training(string column)
    {
        _usesTraining = true;
        return OfTraining(column);
    }

    /// <summary>The number of the run that a row is about; the outer row unless a statement says otherwise.</summary>
    public string Run { get; init; } = "d.\"RunNumber\"";

    /// <summary>The value that a comparison with <paramref name="like"/> needs: of a hyperparameter its number or its text.</summary>
    public string Value(SearchColumn column, object like) =>
        column.Kind == ColumnKind.Param ? Param(column, Figure(column, like is double)) : Value(column);

    /// <summary>The only value of a column; of a hyperparameter its text.</summary>
    /// <remarks>BETWEEN means = in the lookup of a metric: at = SQLite takes the unique index without comparing, which knows no figures, and reads
    /// the wide rows as well.</remarks>
    public string Value(SearchColumn column) => column.Kind switch
    {
        ColumnKind.Attribute => Attribute(RunAttributes.Find(column.Name)!),
        ColumnKind.Param => Param(column, "Text"),
        ColumnKind.Tag =>
            $"(SELECT t.\"Value\" FROM \"RunTags\" t WHERE t.\"RunNumber\" = {Run} AND t.\"NameKey\" = {parameters.Add(NameRule.Key(column.Name))})",
        _ => $"(SELECT m.\"{Figure(column)}\" FROM \"MetricSeries\" m WHERE m.\"Name\" = {parameters.Add(column.Name)} AND m.\"RunNumber\" BETWEEN {Run} AND {Run})",
    };

    /// <summary>What a table shows. Of a hyperparameter its text with a mark before it, n where it is a number: one lookup instead of two.</summary>
    public string Cell(SearchColumn column) => column.Kind != ColumnKind.Param ? Value(column)
        : $"(SELECT CASE WHEN p.\"Number\" IS NULL THEN 's' ELSE 'n' END || p.\"Text\" FROM \"RunParams\" p WHERE p.\"ParamId\" = {ParamId(column)} "
            + $"AND p.\"RunNumber\" = {Run})";

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
        _ when column.Figure == MetricFigure.Best =>
            throw new ArgumentException($"{column} is the least or the greatest: which of them, {nameof(BoundSearch)} knows.", nameof(column)),
        _ => column.Figure.ToString(),
    };

    private string Attribute(RunAttribute attribute)
    {
        _usesTraining |= attribute.IsOfTraining;
        return attribute.Sql;
    }

    private string Param(SearchColumn column, string figure) =>
        $"(SELECT p.\"{figure}\" FROM \"RunParams\" p WHERE p.\"ParamId\" = {ParamId(column)} AND p.\"RunNumber\" = {Run})";

    private string ParamId(SearchColumn column) => parameters.Add(paramIds.GetValueOrDefault(column.Name, -1));
}
