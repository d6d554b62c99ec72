using System.Globalization;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Specs;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Experiments;

/// <summary>Creates an experiment or changes one: its name, what it is about, and the settings that new runs and schedules start from.</summary>
public sealed partial class ExperimentFormPage(ExperimentStore experiments, DatasetLibrary datasets, NavigationManager navigation, Confirmation confirmation, IJSRuntime js)
{
    private ElementReference _form;
    private Draft? _saved;
    private Draft _draft = Draft.Empty;
    private CheckedSpec _checked = SpecDraft.Tutorial.Check();

    // What the store refused; each is shown at its field until that is changed.
    private IReadOnlyDictionary<string, string> _refused = new Dictionary<string, string>();
    private string? _refusal;
    private bool _ready;
    private bool _missing;
    private bool _saving;
    private bool _submitted;

    /// <summary>null for a new experiment.</summary>
    [Parameter]
    public int? Id { get; set; }

    /// <summary>The experiment that a new one begins as a clone of.</summary>
    [SupplyParameterFromQuery(Name = "from")]
    private string? FromText { get; set; }

    private string Title => Id is null ? "New experiment" : $"Edit {_saved?.Name}";

    private bool IsChanged => !_saving && _draft != (_saved ?? Draft.Empty);

    protected override async Task OnParametersSetAsync()
    {
        (_ready, _missing, _submitted, _refusal, _refused) = (false, false, false, null, new Dictionary<string, string>());
        if (Id is { } id)
        {
            if (await experiments.FindAsync(id) is not { } experiment)
            {
                _missing = true;
                return;
            }

            _saved = new Draft(experiment.Name, experiment.Description, SpecDraft.Of(experiment.DefaultSpec));
        }

        _draft = _saved ?? await CloneAsync() ?? Draft.Empty;
        _checked = _draft.Spec.Check(datasets.Find(_draft.Spec[SpecFields.Dataset]));
        _ready = true;
    }

    private async Task<Draft?> CloneAsync() =>
        int.TryParse(FromText, NumberStyles.None, CultureInfo.InvariantCulture, out var from) && await experiments.ProposeCloneAsync(from) is { } clone
            ? new Draft(clone.Name, clone.Description, SpecDraft.Of(clone.DefaultSpec)) : null;

    /// <summary>A form that nobody has filled in yet is not wrong.</summary>
    private string? Why(string field) => _refused.GetValueOrDefault(field)
        ?? (_submitted && field == "name" && _draft.Name.Trim().Length == 0 ? "An experiment needs a name." : null);

    private void Change(Draft draft)
    {
        if (draft.Name != _draft.Name)
            Forget("name");
        if (draft.Description != _draft.Description)
            Forget("description");
        _draft = draft;
        _checked = draft.Spec.Check(datasets.Find(draft.Spec[SpecFields.Dataset]));
        _refusal = null;
    }

    private void Forget(string field) => _refused = _refused.Where(problem => problem.Key != field).ToDictionary();

    private async Task SaveAsync()
    {
        if (_saving)
            return;
        _submitted = true;
        if (!_checked.IsValid || Why("name") is not null)
        {
            StateHasChanged();
            await FocusFirstInvalidAsync();
            return;
        }

        _saving = true;
        var draft = new ExperimentDraft(_draft.Name, _draft.Description, _checked.Spec);
        var result = Id is { } id ? await experiments.UpdateAsync(id, draft) : await experiments.CreateAsync(draft);
        if (result.Id is { } saved)
        {
            navigation.NavigateTo($"experiments/{saved}");
            return;
        }

        _saving = false;
        _refused = result.Problems.GroupBy(problem => problem.Field).ToDictionary(group => group.Key, group => group.First().Message);
        _refusal = string.Join(" ", _refused.Where(problem => problem.Key is not ("name" or "description")).Select(problem => problem.Value));
        _refusal = _refusal.Length == 0 ? null : _refusal;
        StateHasChanged();
        await FocusFirstInvalidAsync();
    }

    private async Task FocusFirstInvalidAsync()
    {
        await using var forms = await js.InvokeAsync<IJSObjectReference>("import", "/js/forms.js");
        await forms.InvokeVoidAsync("focusFirstInvalid", _form);
    }

    private async Task AskBeforeLeavingAsync(LocationChangingContext leaving)
    {
        if (IsChanged && !await confirmation.AskAsync("Leave without saving?", "What you typed here is not saved yet.", "Leave", "Keep editing"))
            leaving.PreventNavigation();
    }

    /// <summary>As typed.</summary>
    private sealed record Draft(string Name, string Description, SpecDraft Spec)
    {
        public static Draft Empty { get; } = new("", "", SpecDraft.Tutorial);
    }
}
