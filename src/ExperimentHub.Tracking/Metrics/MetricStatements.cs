using System.Data;
using System.Data.Common;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// The statements that every batch runs many times, prepared once for the life of one connection, in SQL that SQLite and PostgreSQL share.
/// </summary>
internal sealed class MetricStatements : IDisposable
{
    private readonly Statement _find;
    private readonly Statement _insert;
    private readonly Statement _update;
    private readonly Statement _declare;
    private readonly Statement _readChunk;
    private readonly Statement _writeChunk;

    public MetricStatements(DbConnection connection)
    {
        _find = new Statement(connection, """
            SELECT "Id", "Count", "NonFinite", "Chunks", "FirstStep", "LastStep", "LastTime", "Last", "Min", "MinStep", "Max", "MaxStep", "Best", "BestStep", "EpochStep", "EpochMean", "Direction", "Role", "Split"
            FROM "MetricSeries" WHERE "RunNumber" = @run AND "Name" = @name
            """, ("@run", DbType.Int64), ("@name", DbType.String));
        // A run that was deleted meanwhile gets no series: nothing is inserted and no id comes back.
        _insert = new Statement(connection, """
            INSERT INTO "MetricSeries" ("RunNumber", "Name", "Direction", "Role", "Split", "Count", "NonFinite", "Chunks", "FirstStep", "LastStep", "LastTime")
            SELECT @run, @name, @direction, @role, @split, 0, 0, 0, 0, 0, 0 WHERE EXISTS (SELECT 1 FROM "Runs" WHERE "Number" = @run)
            RETURNING "Id"
            """, ("@run", DbType.Int64), ("@name", DbType.String), ("@direction", DbType.Int32), ("@role", DbType.Int32), ("@split", DbType.Int32));
        _update = new Statement(connection, """
            UPDATE "MetricSeries" SET "Count" = @count, "NonFinite" = @nonFinite, "Chunks" = @chunks, "FirstStep" = @firstStep, "LastStep" = @lastStep, "LastTime" = @lastTime,
                "Last" = @last, "Min" = @min, "MinStep" = @minStep, "Max" = @max, "MaxStep" = @maxStep, "Best" = @best, "BestStep" = @bestStep
            WHERE "Id" = @id
            """,
            ("@id", DbType.Int64), ("@count", DbType.Int64), ("@nonFinite", DbType.Int64), ("@chunks", DbType.Int32), ("@firstStep", DbType.Int64),
            ("@lastStep", DbType.Int64), ("@lastTime", DbType.Int64), ("@last", DbType.Double), ("@min", DbType.Double), ("@minStep", DbType.Int64),
            ("@max", DbType.Double), ("@maxStep", DbType.Int64), ("@best", DbType.Double), ("@bestStep", DbType.Int64));
        // For itself: a statement that names the direction writes its index, whether it changes or not.
        _declare = new Statement(connection, """
            UPDATE "MetricSeries" SET "Direction" = @direction, "Role" = @role, "Split" = @split, "Best" = @best, "BestStep" = @bestStep WHERE "Id" = @id
            """,
            ("@id", DbType.Int64), ("@direction", DbType.Int32), ("@role", DbType.Int32), ("@split", DbType.Int32), ("@best", DbType.Double),
            ("@bestStep", DbType.Int64));
        _readChunk = new Statement(connection, """
            SELECT "Data" FROM "MetricChunks" WHERE "SeriesId" = @series AND "Ordinal" = @ordinal
            """, ("@series", DbType.Int64), ("@ordinal", DbType.Int32));
        _writeChunk = new Statement(connection, """
            INSERT INTO "MetricChunks" ("SeriesId", "Ordinal", "FirstStep", "LastStep", "FirstTime", "LastTime", "Count", "NonFinite", "Min", "Max", "First", "Last", "Data")
            VALUES (@series, @ordinal, @firstStep, @lastStep, @firstTime, @lastTime, @count, @nonFinite, @min, @max, @first, @last, @data)
            ON CONFLICT ("SeriesId", "Ordinal") DO UPDATE SET "LastStep" = excluded."LastStep", "LastTime" = excluded."LastTime", "Count" = excluded."Count",
                "NonFinite" = excluded."NonFinite", "Min" = excluded."Min", "Max" = excluded."Max", "Last" = excluded."Last", "Data" = excluded."Data"
            """,
            ("@series", DbType.Int64), ("@ordinal", DbType.Int32), ("@firstStep", DbType.Int64), ("@lastStep", DbType.Int64),
            ("@firstTime", DbType.Int64),
            ("@lastTime", DbType.Int64), ("@count", DbType.Int32), ("@nonFinite", DbType.Int32), ("@min", DbType.Double), ("@max", DbType.Double),
            ("@first", DbType.Double), ("@last", DbType.Double), ("@data", DbType.Binary));
    }

    /// <summary>The transaction that all statements run in from now on.</summary>
    public DbTransaction Transaction
    {
        set
        {
            foreach (var statement in All)
                statement.Command.Transaction = value;
        }
    }

    private Statement[] All => [_find, _insert, _update, _declare, _readChunk, _writeChunk];

    /// <summary>The series, made where it is new; null where the run does not exist.</summary>
    /// <param name="meaning">Of a new one; null where nothing is said of it.</param>
    public MetricSeries? FindOrInsert(long run, string name, MetricMeaning? meaning)
    {
        if (Find(run, name) is { } found)
            return found;
        var said = meaning ?? MetricMeaning.Supposed(name);
        return _insert.With(run, name, (int)said.Direction, (int)said.Role, (int)said.Split).ExecuteScalar() is long id
            ? new MetricSeries { Id = id, RunNumber = run, Name = name, Meaning = said } : null;
    }

    /// <summary>Another meaning than the series had.</summary>
    public void Declare(MetricSeries s, MetricMeaning meaning)
    {
        s.Meaning = meaning;
        SeriesSummary.TakeBest(s);
        _declare.With(s.Id, (int)s.Direction, (int)s.Role, (int)s.Split, s.Best, s.BestStep).ExecuteNonQuery();
    }

    public void Update(MetricSeries s) => _update.With(
        s.Id, s.Count, s.NonFinite, s.Chunks, s.FirstStep, s.LastStep, s.LastTime, s.Last, s.Min, s.MinStep, s.Max, s.MaxStep, s.Best, s.BestStep)
            .ExecuteNonQuery();

    public byte[] ReadChunk(long series, int ordinal) => _readChunk.With(series, ordinal).ExecuteScalar() as byte[]
        ?? throw new DamagedChunkException($"series {series} has no chunk {ordinal}");

    public void Write(MetricChunk c) => _writeChunk.With(
        c.SeriesId, c.Ordinal, c.FirstStep, c.LastStep, c.FirstTime, c.LastTime, c.Count, c.NonFinite, c.Min, c.Max, c.First, c.Last, c.Data)
            .ExecuteNonQuery();

    public void Dispose()
    {
        foreach (var statement in All)
            statement.Command.Dispose();
    }

    private MetricSeries? Find(long run, string name)
    {
        using var row = _find.With(run, name).ExecuteReader();
        return !row.Read() ? null : new MetricSeries
        {
            Id = row.GetInt64(0),
            RunNumber = run,
            Name = name,
            Count = row.GetInt64(1),
            NonFinite = row.GetInt64(2),
            Chunks = row.GetInt32(3),
            FirstStep = row.GetInt64(4),
            LastStep = row.GetInt64(5),
            LastTime = row.GetInt64(6),
            Last = NumberAt(row, 7),
            Min = NumberAt(row, 8),
            MinStep = StepAt(row, 9),
            Max = NumberAt(row, 10),
            MaxStep = StepAt(row, 11),
            Best = NumberAt(row, 12),
            BestStep = StepAt(row, 13),
            EpochStep = StepAt(row, 14),
            EpochMean = NumberAt(row, 15),
            Direction = (MetricDirection)row.GetInt32(16),
            Role = (MetricRole)row.GetInt32(17),
            Split = (MetricSplit)row.GetInt32(18),
        };
    }

    private static double? NumberAt(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDouble(column);

    private static long? StepAt(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private sealed class Statement
    {
        public Statement(DbConnection connection, string sql, params ReadOnlySpan<(string Name, DbType Type)> parameters)
        {
            Command = connection.CreateCommand();
            Command.CommandText = sql;
            foreach (var (name, type) in parameters)
            {
                var parameter = Command.CreateParameter();
                parameter.ParameterName = name;
                parameter.DbType = type;
                Command.Parameters.Add(parameter);
            }

            Command.Prepare();
        }

        public DbCommand Command { get; }

        public DbCommand With(params ReadOnlySpan<object?> values)
        {
            for (var i = 0; i < values.Length; i++)
                Command.Parameters[i].Value = values[i] ?? DBNull.Value;
            return Command;
        }
    }
}
