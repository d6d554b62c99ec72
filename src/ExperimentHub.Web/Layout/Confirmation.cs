using MudBlazor;

namespace ExperimentHub.Web.Layout;

/// <summary>
/// Asks before something is lost. One question at a time: a second click, on its way while the first one's question comes up, asks nothing.
/// </summary>
public sealed class Confirmation(IDialogService dialogs)
{
    private bool _asking;

    /// <param name="title">The question.</param>
    /// <param name="text">What a yes does.</param>
    /// <param name="yes">The verb of it, for the button.</param>
    /// <param name="no">The same for what happens otherwise.</param>
    /// <returns>true only where the person said yes.</returns>
    public async Task<bool> AskAsync(string title, string text, string yes, string no)
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
            });
            return await dialog.Result is { Canceled: false };
        }
        finally
        {
            _asking = false;
        }
    }
}
