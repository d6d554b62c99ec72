using MudBlazor;

namespace ExperimentHub.Web.Edits;

/// <summary>What a person does about a thing that somebody else saved meanwhile.</summary>
public enum ConflictChoice
{
    /// <summary>Nothing is saved and nothing is thrown away.</summary>
    GoOn,
    KeepMine,
    TakeTheirs,
}

/// <summary>Shows both sides of an edit that came too late, and asks.</summary>
public sealed class EditConflicts(IDialogService dialogs)
{
    private static readonly DialogOptions Wide = new() { MaxWidth = MaxWidth.Medium, FullWidth = true };

    private bool _asking;

    /// <param name="title">What was saved by two, as "Two people edited these notes".</param>
    /// <param name="differences">Theirs before, one's own after.</param>
    public async Task<ConflictChoice> AskAsync(string title, IReadOnlyList<Difference> differences)
    {
        if (_asking)
            return ConflictChoice.GoOn;
        _asking = true;
        try
        {
            var dialog = await dialogs.ShowAsync<ConflictDialog>(null,
                new DialogParameters<ConflictDialog> { { d => d.Title, title }, { d => d.Differences, differences } }, Wide);
            return await dialog.Result is { Canceled: false, Data: ConflictChoice choice } ? choice : ConflictChoice.GoOn;
        }
        finally
        {
            _asking = false;
        }
    }
}
