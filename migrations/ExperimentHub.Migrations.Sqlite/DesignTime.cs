using ExperimentHub.Tracking;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>Lets <c>dotnet ef</c> make migrations from this project alone, without starting the hub.</summary>
internal sealed class DesignTime : IDesignTimeDbContextFactory<TrackingDb>
{
    public TrackingDb CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<TrackingDb>();
        SqliteDatabase.Configure(options, "design-time.db");
        return new TrackingDb(options.Options);
    }
}
