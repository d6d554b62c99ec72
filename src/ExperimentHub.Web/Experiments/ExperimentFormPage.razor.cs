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
    ExperimentStore experiments, DatasetLibrary datasets, NavigationManager navigation, Confirmation confirmation, EditConflicts conflicts,
    IJSRuntime js) : IAsyncDisposable
{
    private ElementReference _form;
    private ExperimentTyped? _saved;

    // What the draft began from, and what is there now where somebody else has saved meanwhile.
    private int? _begunFrom;
    private Experiment? _newer;

    // What the browser keeps until it is saved. Read once for each form, when the page can ask the browser.
    private readonly KeptDraft<KeptExperimentForm> _kept = new(js);
    private DateTime? _keptAt;
    private string? _readFor;
    private bool _lay;
    private bool _keep;

    // The hub chose this name; where nobody has typed another it chooses again when it is taken.
    private string? _proposedName;
    private ExperimentTyped _draft = ExperimentTyped.Empty;
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

    private string Key => $"experiment/{(Id is { } id ? id.ToString(CultureInfo.InvariantCulture) : $"new/{FromText}")}";

    private string Title => Id is null ? "New experiment" : $"Edit {_saved?.Name}";

    private bool IsChanged => !_saving && _draft != (_saved ?? ExperimentTyped.Empty);

    protected override void OnInitialized() => experiments.Changed += OnChanged;

    protected override async Task OnParametersSetAsync()
    {
        (_ready, _missing, _submitted, _refusal, _refused) = (false, false, false, null, new Dictionary<string, string>());
        (_begunFrom, _newer, _proposedName, _saved, _keptAt) = (null, null, null, null, null);
        if (Id is { } id)
        {
            if (await experiments.FindAsync(id) is not { } experiment)
            {
                _missing = true;
                return;
            }

            BeginFrom(experiment);
        }

        _draft = _saved ?? await CloneAsync() ?? ExperimentTyped.Empty;
        _checked = _draft.Spec.Check(datasets.Find(_draft.Spec[SpecFields.Dataset]));
        _ready = true;
    }

    private void BeginFrom(Experiment experiment) => (_begunFrom, _newer, _saved) = (experiment.Version, null, ExperimentTyped.Of(experiment));

    private async Task<ExperimentTyped?> CloneAsync()
    {
        if (!int.TryParse(FromText, NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            || await experiments.ProposeCloneAsync(from) is not { } clone)
            return null;
        _proposedName = clone.Name;
        return new ExperimentTyped(clone.Name, clone.Description, SpecDraft.Of(clone.DefaultSpec));
    }

    /// <summary>What is typed stays; that somebody else has saved is said.</summary>
    private void OnChanged(int id)
    {
        if (id != Id)
            return;
        _ = InvokeAsync(async () =>
        {
            if (_saving || _begunFrom is not { } begun || await experiments.FindAsync(id) is not { } now || now.Version == begun)
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

    private void Change(ExperimentTyped draft)
    {
        if (draft.Name != _draft.Name)
            Forget("name");
        if (draft.Description != _draft.Description)
            Forget("description");
        _draft = draft;
        _keep = true;
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
            : await experiments.CreateAsync(new ExperimentDraft(_draft.Name, _draft.Description, _checked.Spec),
                anyName: _draft.Name == _proposedName);
        if (result.Id is { } saved)
        {
            await _kept.ForgetAsync(Key);
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
        return experiments.UpdateAsync(id, change, _begunFrom!.Value);
    }

    private async Task CompareAsync()
    {
        if (Id is not { } id || await experiments.FindAsync(id) is not { } now)
        {
            _refusal = "It was deleted meanwhile. Copy what you typed before you leave.";
            StateHasChanged();
            return;
        }

        var (theirs, begun) = (ExperimentTyped.Of(now), _saved!);
        var differences = _draft.DifferencesFrom(theirs, begun);
        switch (differences.Count == 0 ? ConflictChoice.KeepMine : await conflicts.AskAsync("Two people edited this experiment", differences))
        {
            case ConflictChoice.TakeTheirs:
                BeginFrom(now);
                Change(theirs);
                _keep = false;
                await _kept.ForgetAsync(Key);
                break;
            case ConflictChoice.KeepMine:
                BeginFrom(now);
                Change(_draft.Over(theirs, begun));
                await SaveAsync();
                return;
            default:
                _newer = now;
                break;
        }

        StateHasChanged();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!_ready)
            return;
        var key = Key;
        if (_readFor != key)
        {
            _readFor = key;
            if (await _kept.ReadAsync(key) is { } kept)
            {
                Restore(kept.State, DateTimeOffset.FromUnixTimeMilliseconds(kept.At).UtcDateTime);
                StateHasChanged();
            }
        }
        else if (_lay)
        {
            _lay = false;
            await _kept.LayAsync(key);
        }
        else if (_keep)
        {
            _keep = false;
            await _kept.KeepAsync(key, KeptExperimentForm.Of(_draft, _saved, _begunFrom));
        }
    }

    /// <summary>As old as it was: what somebody else has saved since is a conflict, as it would have been without the interruption.</summary>
    private void Restore(KeptExperimentForm kept, DateTime at)
    {
        var now = _begunFrom;
        if (Id is not null && kept is { Before: { } before, Version: { } version })
        {
            var current = _saved;
            (_saved, _begunFrom) = (before.Draft, version);
            if (now != version && current != _saved)
                _ = LookForNewerAsync();
        }

        Change(kept.Typed.Draft);
        (_keptAt, _lay, _keep) = (at, true, false);
    }

    private async Task LookForNewerAsync()
    {
        _newer = Id is { } id ? await experiments.FindAsync(id) : null;
        StateHasChanged();
    }

    private async Task StartOverAsync()
    {
        await _kept.ForgetAsync(Key);
        await OnParametersSetAsync();
    }

    public async ValueTask DisposeAsync()
    {
        experiments.Changed -= OnChanged;
        await _kept.DisposeAsync();
    }

    private async Task FocusFirstInvalidAsync()
    {
        await using var forms = new PageModule(js, "/js/forms.js");
        await forms.CallAsync("focusFirstInvalid", _form);
    }

    private async Task AskBeforeLeavingAsync(LocationChangingContext leaving)
    {
        if (!IsChanged)
            return;
        if (await confirmation.AskAsync("Leave without saving?", "What you typed here is not saved yet.", "Leave", "Keep editing"))
            await _kept.ForgetAsync(Key);
        else
            leaving.PreventNavigation();
    }
}
