using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Nodes;

/// <summary>
/// The database's clock, in whole seconds since 1970: the only one that all nodes share, so whatever one of them decides about another is measured by
/// it. SQLite has the function; the migrations of another database make one of the same name.
/// </summary>
public static class DatabaseClock
{
    /// <summary>Now. Means something in a query and nowhere else.</summary>
    public static long UnixSeconds() => throw new InvalidOperationException("Only the database knows, so this is asked in a query.");

    internal static void Map(ModelBuilder model) =>
        model.HasDbFunction(typeof(DatabaseClock).GetMethod(nameof(UnixSeconds))!).HasName("unixepoch").IsBuiltIn();
}
