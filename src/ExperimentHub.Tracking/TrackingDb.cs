using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Tracking.Views;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ExperimentHub.Tracking;

/// <summary>The catalogue: experiments, runs and what is known about them. The mapping of an entity stands beside the entity.</summary>
public sealed class TrackingDb(DbContextOptions<TrackingDb> options) : DbContext(options)
{
    public DbSet<Node> Nodes => Set<Node>();
    public DbSet<Experiment> Experiments => Set<Experiment>();
    public DbSet<SettingsChange> SettingsChanges => Set<SettingsChange>();
    public DbSet<Run> Runs => Set<Run>();
    public DbSet<Training> Trainings => Set<Training>();
    public DbSet<RunTag> RunTags => Set<RunTag>();
    public DbSet<ParamName> ParamNames => Set<ParamName>();
    public DbSet<RunParam> RunParams => Set<RunParam>();
    public DbSet<SavedView> SavedViews => Set<SavedView>();
    public DbSet<Attempt> Attempts => Set<Attempt>();
    public DbSet<Epoch> Epochs => Set<Epoch>();
    public DbSet<Schedule> Schedules => Set<Schedule>();
    public DbSet<ScheduleFire> ScheduleFires => Set<ScheduleFire>();
    public DbSet<Artifact> Artifacts => Set<Artifact>();
    public DbSet<ArtifactPin> ArtifactPins => Set<ArtifactPin>();
    public DbSet<OwedBytes> OwedBytes => Set<OwedBytes>();
    public DbSet<Checkpoint> Checkpoints => Set<Checkpoint>();
    public DbSet<OwnDataset> OwnDatasets => Set<OwnDataset>();
    public DbSet<PausePoint> PausePoints => Set<PausePoint>();
    public DbSet<Evaluation> Evaluations => Set<Evaluation>();
    public DbSet<MetricSeries> MetricSeries => Set<MetricSeries>();
    public DbSet<MetricChunk> MetricChunks => Set<MetricChunk>();
    public DbSet<MetricEpoch> MetricEpochs => Set<MetricEpoch>();
    public DbSet<MetricSnapshot> MetricSnapshots => Set<MetricSnapshot>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(TrackingDb).Assembly);
        DatabaseClock.Map(modelBuilder);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTime>().HaveConversion<UtcConverter>();
        configurationBuilder.Properties<RunId>().HaveConversion<RunIdConverter>().HaveMaxLength(32);
        configurationBuilder.Properties<RunStatus>().HaveConversion<string>().HaveMaxLength(20);
        configurationBuilder.Properties<RunTrigger>().HaveConversion<string>().HaveMaxLength(20);
        configurationBuilder.Properties<AttemptEnding>().HaveConversion<string>().HaveMaxLength(20);
    }

    /// <summary>Databases forget that a time is UTC; every time in this product is.</summary>
    private sealed class UtcConverter() : ValueConverter<DateTime, DateTime>(time => time.ToUniversalTime(),
        time => DateTime.SpecifyKind(time, DateTimeKind.Utc));

    private sealed class RunIdConverter() : ValueConverter<RunId, string>(id => id.ToString(), text => RunId.Parse(text, null));
}
