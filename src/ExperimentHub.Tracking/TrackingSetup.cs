using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Queries;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Studies;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Tracking.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ExperimentHub.Tracking;

public static class TrackingSetup
{
    /// <summary>Adds what is known about experiments and runs. The database itself comes from a migrations project.</summary>
    /// <param name="node">Which of the processes that share the database this is; one with the host's name where not given.</param>
    public static IServiceCollection AddTracking(
        this IServiceCollection services, DataFolder folder, DatasetOptions datasets, ExperimentFileOptions? files = null,
        DeletionOptions? deletions = null, ThisNode? node = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(folder);
        services.AddSingleton(datasets);
        services.AddSingleton(files ?? new ExperimentFileOptions());
        services.AddSingleton(deletions ?? new DeletionOptions());
        services.AddSingleton(AppVersion.OfThisBuild);
        services.AddSingleton(node ?? new ThisNode(ThisNode.HostName));
        services.AddSingleton<NodeStore>();
        services.AddSingleton<AttemptLeases>();
        services.AddSingleton<DeviceInventory>();
        services.AddSingleton<DeviceTests>();
        services.AddSingleton<StorageWatch>();
        services.AddSingleton<RunFeed>();
        services.AddSingleton<LiveRuns>();
        services.AddSingleton<RunLogs>();
        services.AddSingleton<KeptWishes>();
        services.AddSingleton<NewRuns>();
        services.AddSingleton<RunQueue>();
        services.AddSingleton<RunControl>();
        services.AddSingleton<AttemptWriter>();
        services.AddSingleton<DivergenceJudge>();
        services.AddSingleton<RunRecorder>();
        services.AddSingleton<OrphanedRuns>();
        services.AddSingleton<RunHistory>();
        services.AddSingleton<RunAnnotations>();
        services.AddSingleton<RunPurge>();
        services.AddSingleton<RunDeletion>();
        services.AddSingleton<LoggedRuns>();
        services.AddSingleton<DeletedThings>();
        services.AddSingleton<RunBulk>();
        services.TryAddSingleton(QueryLimits.Default);
        services.AddSingleton<QueryTurns>();
        services.AddSingleton<RunSearch>();
        services.AddSingleton<RunGrouping>();
        services.AddSingleton<RunExport>();
        services.AddSingleton<RunColumns>();
        services.AddSingleton<FilterCompletion>();
        services.AddSingleton<ViewStore>();
        services.AddSingleton<WaitingLine>();
        services.TryAddSingleton<ArtifactStore>(new FolderArtifactStore(folder.Root));
        services.AddSingleton<ArtifactDebts>();
        services.AddSingleton<ArtifactPins>();
        services.AddSingleton<CheckpointFiles>();
        services.AddSingleton<CheckpointRecorder>();
        services.AddSingleton<CheckpointKeeper>();
        services.AddSingleton<EvaluationStore>();
        services.AddSingleton<Reproductions>();
        services.AddSingleton<MetricWriter>();
        services.AddSingleton<MetricReader>();
        services.AddSingleton<LiveSeries>();
        services.AddSingleton<RunTails>();
        services.AddSingleton<ExperimentStore>();
        services.AddSingleton<ExperimentPages>();
        services.AddSingleton<ExperimentResults>();
        services.AddSingleton<SeedsOfBest>();
        services.AddSingleton<ExperimentExport>();
        services.AddSingleton<ExperimentImports>();
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<NightlyResults>();
        services.AddSingleton<EndedRuns>();
        services.AddSingleton<StudyGrid>();
        services.AddSingleton<RunStorage>();
        services.AddSingleton<ExpectedStarts>();
        services.AddSingleton<EndedEpochs>();
        services.AddSingleton<PlannedRuns>();
        services.AddSingleton<DiskUse>();
        services.AddSingleton<DatasetFiles>();
        services.AddSingleton<DatasetLibrary>();
        services.AddSingleton<DatasetUploads>();
        services.AddSingleton<DatasetFetches>();
        return services;
    }
}
