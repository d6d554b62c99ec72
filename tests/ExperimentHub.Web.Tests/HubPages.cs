using Bunit;
using ExperimentHub.Execution.Schedules;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
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
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Studies;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Tracking.Views;
using ExperimentHub.Web.Compare;
using ExperimentHub.Web.Edits;
using ExperimentHub.Web.Layout;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor.Services;

namespace ExperimentHub.Web.Tests;

/// <summary>Renders pages over a real, empty hub; only the browser is missing.</summary>
internal sealed class HubPages : BunitContext
{
    private HubPages(EmptyHub hub)
    {
        Hub = hub;
        JSInterop.Mode = JSRuntimeMode.Loose;
        // A busy machine is no reason to fail: what is waited for comes at once where it comes at all.
        DefaultWaitTimeout = TimeSpan.FromSeconds(20);
        Services.AddMudServices(mud => mud.PopoverOptions.CheckForPopoverProvider = false);
        Services.AddScoped<Confirmation>();
        Services.AddScoped<EditConflicts>();
        Services.AddSingleton(hub.Get<DeletedThings>());
        Services.AddSingleton(hub.Get<DeletionOptions>());
        Services.AddSingleton<MistakePairs>();
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton(hub.Queue);
        Services.AddSingleton(hub.Control);
        Services.AddSingleton(hub.Get<RunDeletion>());
        Services.AddSingleton(hub.Get<LoggedRuns>());
        Services.AddSingleton(hub.Get<CheckpointKeeper>());
        Services.AddSingleton(hub.Get<EvaluationStore>());
        Services.AddSingleton(hub.Get<Reproductions>());
        Services.AddSingleton(hub.History);
        Services.AddSingleton(hub.Get<RunSearch>());
        Services.AddSingleton(hub.Get<RunGrouping>());
        Services.AddSingleton(hub.Get<RunColumns>());
        Services.AddSingleton(hub.Get<RunBulk>());
        Services.AddSingleton(hub.Get<ViewStore>());
        Services.AddSingleton(hub.Feed);
        Services.AddSingleton(hub.Devices);
        Services.AddSingleton(hub.Get<DeviceTests>());
        Services.AddSingleton(hub.Get<ThisNode>());
        Services.AddSingleton(hub.Get<LiveRuns>());
        Services.AddSingleton(hub.Get<MetricReader>());
        Services.AddSingleton(hub.Get<MetricWriter>());
        Services.AddSingleton(hub.Get<RunLogs>());
        Services.AddSingleton(hub.Get<RunAnnotations>());
        Services.AddSingleton(hub.Get<DatasetLibrary>());
        Services.AddSingleton(hub.Get<DatasetFiles>());
        Services.AddSingleton(hub.Get<DatasetFetches>());
        Services.AddSingleton(hub.Get<DatasetOptions>());
        Services.AddSingleton(hub.Get<ExperimentStore>());
        Services.AddSingleton(hub.Get<ExperimentResults>());
        Services.AddSingleton(hub.Get<SeedsOfBest>());
        Services.AddSingleton(hub.Get<ExperimentExport>());
        Services.AddSingleton(hub.Get<ExperimentFileOptions>());
        Services.AddSingleton(hub.Get<ScheduleStore>());
        Services.AddSingleton(hub.Get<WaitingLine>());
        Services.AddSingleton(hub.Get<NightlyResults>());
        Services.AddSingleton(hub.Get<EndedRuns>());
        Services.AddSingleton(hub.Get<StudyGrid>());
        Services.AddSingleton(hub.Get<ExpectedStarts>());
        Services.AddSingleton(hub.Get<EndedEpochs>());
        Services.AddSingleton(hub.Get<PlannedRuns>());
        Services.AddSingleton(hub.Get<RunStorage>());
        Services.AddSingleton(hub.Get<DiskUse>());
        Services.AddSingleton(hub.Get<StorageWatch>());
    }

    public EmptyHub Hub { get; }

    public string Address => Services.GetRequiredService<NavigationManager>().Uri;

    /// <summary>A hub whose self-test found one CPU.</summary>
    public static Task<HubPages> OpenAsync() => OpenAsync(EmptyHub.OneCpu);

    /// <summary>The same, whose questions to the database are heard.</summary>
    public static Task<HubPages> OpenAsync(Questions questions) => OpenAsync(EmptyHub.OneCpu, questions: questions);

    /// <param name="report">null for a hub whose first self-test is on its way.</param>
    /// <param name="hardware">What the machine says of itself; a small one without a GPU where not given.</param>
    public static async Task<HubPages> OpenAsync(SelfTestReport? report, Hardware? hardware = null, Questions? questions = null)
    {
        var hub = await EmptyHub.CreateAsync((services, _) =>
        {
            // The scheduler's own clockwork: the pages show its times.
            services.AddSingleton<IFireTimes, QuartzFireTimes>();
            questions?.Hear(services);
            if (hardware is not null)
                services.AddSingleton<IHardware>(new GivenHardware(hardware));
        });
        if (report is not null)
            hub.Devices.Report = report;
        return new HubPages(hub);
    }

    public void Visit(string address) => Services.GetRequiredService<NavigationManager>().NavigateTo(address);

    protected override async ValueTask DisposeAsyncCore()
    {
        await base.DisposeAsyncCore();
        await Hub.DisposeAsync();
    }

    private sealed class GivenHardware(Hardware hardware) : IHardware
    {
        public Hardware Read() => hardware;
    }
}
