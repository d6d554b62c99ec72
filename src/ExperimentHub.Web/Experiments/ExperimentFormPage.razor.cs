using System.Globalization;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Web.Edits;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Specs;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Experiments;

/// <summary>Creates an experiment or changes one: its name, what it is about, and the settings that new runs and schedules start from.</summary>
public sealed partial class ExperimentFormPage(
    ExperimentStore experiments, DatasetLibrary datasets, NavigationManager navigation, Confirmation confirmation, EditConflicts conflicts, IJSRuntime js) : IDisposable
{
    private ElementReference _form;
    private Draft? _saved;

    // What the draft began from, and what is there now where somebody else has saved meanwhile.
    private Experiment? _begunFrom;
    private Experiment? _newer;

    // The hub chose this name; where nobody has typed another it chooses again when it is taken.
    private string? _proposedName;
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

    protected override void OnInitialized() => experiments.Changed += OnChanged;

    protected override async Task OnParametersSetAsync()
    {
        (_ready, _missing, _submitted, _refusal, _refused) = (false, false, false, null, new Dictionary<string, string>());
        (_begunFrom, _newer, _proposedName) = (null, null, null);
        if (Id is { } id)
        {
            if (await experiments.FindAsync(id) is not { } experiment)
            {
                _missing = true;
                return;
            }

            BeginFrom(experiment);
        }

        _draft = _saved ?? await CloneAsync() ?? Draft.Empty;
        _checked = _draft.Spec.Check(datasets.Find(_draft.Spec[SpecFields.Dataset]));
        _ready = true;
    }

    private void BeginFrom(Experiment experiment) => (_begunFrom, _newer, _saved) = (experiment, null, Draft.Of(experiment));

    private async Task<Draft?> CloneAsync()
    {
        if (!int.TryParse(FromText, NumberStyles.None, CultureInfo.InvariantCulture, out var from) || await experiments.ProposeCloneAsync(from) is not { } clone)
            return null;
        _proposedName = clone.Name;
        return new Draft(clone.Name, clone.Description, SpecDraft.Of(clone.DefaultSpec));
    }

    /// <summary>What is typed stays; that somebody else has saved is said.</summary>
    private void OnChanged(int id)
    {
        if (id != Id)
            return;
        _ = InvokeAsync(async () =>
        {
            if (_saving || _begunFrom is not { } begun || await experiments.FindAsync(id) is not { } now || now.Version == begun.Version)
                return;
            // Whoever has typed nothing yet sees what is there.
            if (_draft == _saved)
            {
                BeginFrom(now);
                Change(_saved!);
            }
            else
            {
                _newer = now;
            }

            StateHasChanged();
        });
    }

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
        var result = Id is { } id ? await UpdateAsync(id)
            : await experiments.CreateAsync(new ExperimentDraft(_draft.Name, _draft.Description, _checked.Spec), anyName: _draft.Name == _proposedName);
        if (result.Id is { } saved)
        {
            navigation.NavigateTo($"experiments/{saved}");
            return;
        }

        _saving = false;
        if (result.Conflict)
        {
            await CompareAsync();
            return;
        }

        _refused = result.Problems.GroupBy(problem => problem.Field).ToDictionary(group => group.Key, group => group.First().Message);
        _refusal = string.Join(" ", _refused.Where(problem => problem.Key is not ("name" or "description")).Select(problem => problem.Value));
        _refusal = _refusal.Length == 0 ? null : _refusal;
        StateHasChanged();
        await FocusFirstInvalidAsync();
    }

    /// <summary>Only what this form changed: somebody else's change of another part stays and is in nobody's way.</summary>
    private Task<ExperimentResult> UpdateAsync(int id)
    {
        var begun = _saved!;
        var change = new ExperimentChange(
            _draft.Name == begun.Name ? null : _draft.Name,
            _draft.Description == begun.Description ? null : _draft.Description,
            _draft.Spec == begun.Spec ? null : _checked.Spec);
        return experiments.UpdateAsync(id, change, _begunFrom!.Version);
    }

    private async Task CompareAsync()
    {
        if (Id is not { } id || await experiments.FindAsync(id) is not { } now)
        {
            _refusal = "It was deleted meanwhile. Copy what you typed before you leave.";
            StateHasChanged();
            return;
        }

        var (theirs, begun) = (Draft.Of(now), _saved!);
        var differences = new List<Difference>();
        if (_draft.Name != begun.Name && theirs.Name != _draft.Name)
            differences.Add(new Difference("name", theirs.Name, _draft.Name));
        if (_draft.Description != begun.Description && theirs.Description != _draft.Description)
            differences.Add(new Difference("description", theirs.Description, _draft.Description, IsProse: true));
        if (_draft.Spec != begun.Spec)
            differences.AddRange(SpecDifferences.Of(now.DefaultSpec, _checked.Spec));
        switch (differences.Count == 0 ? ConflictChoice.KeepMine : await conflicts.AskAsync("Two people edited this experiment", differences))
        {
            case ConflictChoice.TakeTheirs:
                BeginFrom(now);
                Change(theirs);
                break;
            case ConflictChoice.KeepMine:
                // What they changed elsewhere stays theirs; what is typed here is now typed over theirs.
                _draft = new Draft(_draft.Name == begun.Name ? theirs.Name : _draft.Name, _draft.Description == begun.Description ? theirs.Description : _draft.Description,
                    _draft.Spec == begun.Spec ? theirs.Spec : _draft.Spec);
                BeginFrom(now);
                Change(_draft);
                await SaveAsync();
                return;
            default:
                _newer = now;
                break;
        }

        StateHasChanged();
    }

    public void Dispose() => experiments.Changed -= OnChanged;

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
        public static Draft Of(Experiment experiment) => new(experiment.Name, experiment.Description, SpecDraft.Of(experiment.DefaultSpec));

        public static Draft Empty { get; } = new("", "", SpecDraft.Tutorial);
    }
}
