using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Devices;

/// <summary>What this machine trains on: each device with its slots and who holds them, who waits, and what the trainer's self-test said.</summary>
public sealed partial class DevicesPage(
    DeviceInventory inventory, DeviceTests tests, RunHistory history, WaitingLine line, LiveRuns live, RunFeed feed, TimeProvider clock) : IDisposable
{
    private const int WaitingShown = 20;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often the driver is asked while somebody looks and there is a GPU.</summary>
    private static readonly TimeSpan GpuInterval = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _gone = new();
    private Hardware? _hardware;
    private IReadOnlyList<DeviceState> _devices = [];
    private IReadOnlyDictionary<string, WaitingListing> _waiting = new Dictionary<string, WaitingListing>();
    private string? _problem;
    private IDisposable? _subscription;
    private IDisposable? _progress;
    private Task? _watch;

    protected override async Task OnInitializedAsync()
    {
        _subscription = feed.Subscribe(null, RunSignals.Standing | RunSignal.Existence, () => InvokeAsync(LoadAsync), RefreshInterval);
        // How far a run is stands in no row.
        _progress = feed.Subscribe(null, RunSignal.Progress, () => InvokeAsync(StateHasChanged), RefreshInterval);
        inventory.Changed += Refresh;
        await LoadAsync();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (_watch is null && _hardware is { Nvidia.Gpus.Count: > 0 })
            _watch = WatchGpusAsync();
    }

    private void Refresh() => _ = InvokeAsync(LoadAsync);

    private async Task LoadAsync()
    {
        try
        {
            var hardware = await inventory.ReadHardwareAsync();
            var devices = new List<DeviceState>();
            foreach (var use in inventory.Use)
            {
                var holders = new List<HeldSlot>();
                foreach (var holder in use.Holders)
                    if (await history.FindAsync(holder.Run, _gone.Token) is { } details)
                        holders.Add(new HeldSlot(details.Run, holder.Since, live.Find(holder.Run)));
                devices.Add(new DeviceState(use, holders));
            }

            var waiting = new Dictionary<string, WaitingListing>();
            foreach (var group in new[] { DeviceRequest.Cpu, DeviceRequest.Cuda })
                waiting[group] = await line.ListAsync(group, WaitingShown, _gone.Token);
            (_hardware, _devices, _waiting, _problem) = (hardware, devices, waiting, null);
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            _problem = e.Message;
        }

        StateHasChanged();
    }

    /// <summary>
    /// Nothing tells when a GPU's memory and utilisation change, so they are read again and again, but only by a page that shows a GPU.
    /// </summary>
    private async Task WatchGpusAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(GpuInterval, clock);
            while (await timer.WaitForNextTickAsync(_gone.Token))
                await InvokeAsync(async () =>
                {
                    _hardware = await inventory.ReadHardwareAsync();
                    StateHasChanged();
                });
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The page was left.
        }
    }

    public void Dispose()
    {
        inventory.Changed -= Refresh;
        _subscription?.Dispose();
        _progress?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }
}

/// <summary>A device and the runs that train on it.</summary>
public sealed record DeviceState(DeviceUse Use, IReadOnlyList<HeldSlot> Holders);

/// <param name="Since">UTC.</param>
/// <param name="Live">null between the trainer's end and the slot's return.</param>
public sealed record HeldSlot(Run Run, DateTime Since, LiveRun? Live);
