using ExperimentHub.Migrations.Sqlite;
using ExperimentHub.Tracking.Metrics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// What the metric store is compared with: a table with one row per point, in a database file of its own with the hub's settings. Written through EF
/// Core, or by one prepared statement into the leanest table there is for it.
/// </summary>
internal sealed class RowPerPoint : IAsyncDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"experimenthub-rows-{Guid.NewGuid():N}.db");
    private readonly bool _viaEf;

    private RowPerPoint(bool viaEf) => _viaEf = viaEf;

    public static async Task<RowPerPoint> CreateAsync(bool viaEf)
    {
        var rows = new RowPerPoint(viaEf);
        await using var db = rows.Open();
        // EF creates files in WAL mode.
        await db.Database.EnsureCreatedAsync();
        if (!viaEf)
            await db.Database.ExecuteSqlRawAsync("""
                DROP TABLE "Points";
                CREATE TABLE "Points" ("Series" INTEGER NOT NULL, "Step" INTEGER NOT NULL, "Time" INTEGER NOT NULL, "Value" REAL NOT NULL, PRIMARY KEY ("Series", "Step")) WITHOUT ROWID
                """);
        return rows;
    }

    public async Task WriteAsync(int series, ReadOnlyMemory<MetricPoint> points, int perTransaction)
    {
        await using var db = Open();
        await db.Database.OpenConnectionAsync();
        for (; points.Length > 0; points = points[Math.Min(perTransaction, points.Length)..])
        {
            var batch = points[..Math.Min(perTransaction, points.Length)];
            if (_viaEf)
            {
                db.Points.AddRange(batch.ToArray().Select(p => new Point { Series = series, Step = p.Step, Time = p.Time, Value = p.Value }));
                await db.SaveChangesAsync();
                db.ChangeTracker.Clear();
            }
            else
                Insert((SqliteConnection)db.Database.GetDbConnection(), series, batch.Span);
        }
    }

    public async Task<long> BytesAsync()
    {
        await using var db = Open();
        return await DatabaseFile.PackedBytesAsync(db, _path);
    }

    public ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        DatabaseFile.Delete(_path);
        return ValueTask.CompletedTask;
    }

    private static void Insert(SqliteConnection connection, int series, ReadOnlySpan<MetricPoint> points)
    {
        using var transaction = connection.BeginTransaction();
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """INSERT INTO "Points" VALUES (@series, @step, @time, @value)""";
        command.Parameters.AddWithValue("@series", series);
        var step = command.Parameters.Add("@step", SqliteType.Integer);
        var time = command.Parameters.Add("@time", SqliteType.Integer);
        var value = command.Parameters.Add("@value", SqliteType.Real);
        command.Prepare();
        foreach (var point in points)
        {
            step.Value = point.Step;
            time.Value = point.Time;
            value.Value = point.Value;
            command.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private RowDb Open() => new(new DbContextOptionsBuilder<RowDb>().UseSqlite(SqliteDatabase.ConnectionString(_path)).Options);

    private sealed class Point
    {
        public int Series { get; init; }
        public long Step { get; init; }
        public long Time { get; init; }
        public double Value { get; init; }
    }

    private sealed class RowDb(DbContextOptions<RowDb> options) : DbContext(options)
    {
        public DbSet<Point> Points => Set<Point>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Point>().HasKey(p => new { p.Series, p.Step });
    }
}
