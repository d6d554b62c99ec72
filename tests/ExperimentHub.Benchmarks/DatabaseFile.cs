using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Benchmarks;

internal static class DatabaseFile
{
    /// <summary>The size once the log is written back and free pages are gone.</summary>
    public static async Task<long> PackedBytesAsync(DbContext db, string path)
    {
        await db.Database.ExecuteSqlRawAsync("VACUUM");
        return await WrittenBackBytesAsync(db, path);
    }

    /// <summary>The size once the log is written back.</summary>
    public static async Task<long> WrittenBackBytesAsync(DbContext db, string path)
    {
        await db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        return new FileInfo(path).Length;
    }

    public static void Delete(string path)
    {
        foreach (var file in new[] { path, $"{path}-wal", $"{path}-shm" })
            File.Delete(file);
    }
}
