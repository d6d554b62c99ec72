using Bunit;
using ExperimentHub.Execution.Schedules;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
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
        Services.AddMudServices(mud => mud.PopoverOptions.CheckForPopoverProvider = false);
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton(hub.Queue);
        Services.AddSingleton(hub.History);
        Services.AddSingleton(hub.Feed);
        Services.AddSingleton(hub.Devices);
        Services.AddSingleton(hub.Get<LiveRuns>());
        Services.AddSingleton(hub.Get<RunLogs>());
        Services.AddSingleton(hub.Get<ExperimentStore>());
        Services.AddSingleton(hub.Get<ScheduleStore>());
    }

    public EmptyHub Hub { get; }

    public string Address => Services.GetRequiredService<NavigationManager>().Uri;

    public static async Task<HubPages> OpenAsync()
    {
        // The scheduler's own clockwork: the pages show its times.
        var hub = await EmptyHub.CreateAsync((services, _) => services.AddSingleton<IFireTimes, QuartzFireTimes>());
        hub.Get<DeviceInventory>().Report = EmptyHub.OneCpu;
        return new HubPages(hub);
    }

    public void Visit(string address) => Services.GetRequiredService<NavigationManager>().NavigateTo(address);

    protected override async ValueTask DisposeAsyncCore()
    {
        await base.DisposeAsyncCore();
        await Hub.DisposeAsync();
    }
}
