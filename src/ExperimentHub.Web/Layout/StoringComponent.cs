using ExperimentHub.Tracking.Storage;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace ExperimentHub.Web.Layout;

/// <summary>
/// The base of every component (see _Imports.razor). What a person does while the database or its disk takes no writes is answered with a sentence,
/// and the page with everything typed into it stays as it is; any other exception ends the page as ever.
/// </summary>
public abstract class StoringComponent : ComponentBase, IHandleEvent
{
    // Asked only where something failed: most components save nothing.
    [Inject]
    private IServiceProvider Services { get; set; } = null!;

    async Task IHandleEvent.HandleEventAsync(EventCallbackWorkItem callback, object? arg)
    {
        try
        {
            var handling = callback.InvokeAsync(arg);
            // As the framework does: what changed before the first wait is shown at once, and a handler that was cancelled is done.
            if (!handling.IsCompleted)
                StateHasChanged();
            try
            {
                await handling;
            }
            catch (OperationCanceledException) when (handling.IsCanceled)
            {
                return;
            }
        }
        catch (Exception e) when (Services.GetService<StorageWatch>() is { } storage && storage.Note(e))
        {
            Services.GetRequiredService<ISnackbar>().Add(
                $"That was not saved, because {(storage.Outage ?? new StorageOutage(storage.TroubleOf(e)!.Value, default)).Reason}. What you typed "
                    + "is still here; try it again in a moment.", Severity.Error);
        }

        StateHasChanged();
    }
}
