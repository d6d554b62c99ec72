using ExperimentHub.Web.Edits;
using MudBlazor;

namespace ExperimentHub.Web.Layout;

/// <summary>
/// Asks before something is lost, or much is begun. One question at a time: a second click, on its way while the first one's question comes up, asks
/// nothing.
/// </summary>
public sealed class Confirmation(IDialogService dialogs)
{
    private bool _asking;

    /// <param name="title">The question.</param>
    /// <param name="text">What a yes does.</param>
    /// <param name="yes">The verb of it, for the button.</param>
    /// <param name="no">The same for what happens otherwise.</param>
    /// <param name="differences">What a yes changes, from what to what.</param>
    /// <param name="destroys">A yes takes something away, and looks like it.</param>
    /// <returns>true only where the person said yes.</returns>
    public async Task<bool> AskAsync(string title, string text, string yes, string no, IReadOnlyList<Difference>? differences = null,
        bool destroys = true)
    {
        if (_asking)
            return false;
        _asking = true;
        try
        {
            var dialog = await dialogs.ShowAsync<ConfirmationDialog>(null, new DialogParameters<ConfirmationDialog>
            {
                { d => d.Title, title },
                { d => d.Text, text },
                { d => d.Yes, yes },
                { d => d.No, no },
                { d => d.Differences, differences ?? [] },
                { d => d.Destroys, destroys },
            });
            return await dialog.Result is { Canceled: false };
        }
        finally
        {
            _asking = false;
        }
    }
}
