using ExperimentHub.Tracking.Runs;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Runs;

/// <summary>Defines a run and starts it. What is typed lives in the address too, so that a reload or a lost connection loses nothing.</summary>
public sealed partial class NewRunPage(RunQueue queue, RunHistory history, NavigationManager navigation, IJSRuntime js)
{
    private ElementReference _form;
    private RunDraft? _draft;
    private CheckedDraft _checked = RunDraft.Tutorial.Check();
    private IReadOnlyList<string> _experiments = [];
    private string? _refusal;
    private bool _starting;

    // One key per content of the form: however often "Start run" arrives, it starts one run.
    private string _key = NewKey();

    protected override async Task OnInitializedAsync()
    {
        var values = QueryHelpers.ParseQuery(navigation.ToAbsoluteUri(navigation.Uri).Query)
            .ToDictionary(pair => pair.Key, pair => pair.Value.LastOrDefault(), StringComparer.OrdinalIgnoreCase);
        _experiments = await history.ExperimentNamesAsync();
        var draft = RunDraft.Tutorial;
        if (RunId.TryParse(values.GetValueOrDefault("from"), out var from) && await history.FindAsync(from) is { } original)
            draft = RunDraft.Of(original.Run.Spec) with { Experiment = original.Run.Experiment.Name };
        _draft = draft.With(values);
        _checked = _draft.Check();
    }

    private bool Wrong(string field) => _checked.Problem(field) is not null;

    private string? Why(string field) => _checked.Problem(field);

    private void Change(RunDraft draft)
    {
        if (draft == _draft)
            return;
        _draft = draft;
        _checked = draft.Check();
        _refusal = null;
        _key = NewKey();
        var fields = new Dictionary<string, object?>(draft.Beyond(RunDraft.Tutorial)) { ["from"] = null };
        navigation.NavigateTo(navigation.GetUriWithQueryParameters(fields), replace: true);
    }

    private Task<IEnumerable<string>> FindExperimentsAsync(string? text, CancellationToken cancellation) => Task.FromResult(
        string.IsNullOrWhiteSpace(text) || _experiments.Contains(text, StringComparer.OrdinalIgnoreCase)
            ? _experiments
            : _experiments.Where(name => name.Contains(text.Trim(), StringComparison.OrdinalIgnoreCase)));

    private async Task StartAsync()
    {
        if (_starting || _draft is not { } draft)
            return;
        if (!_checked.IsValid)
        {
            await using var forms = await js.InvokeAsync<IJSObjectReference>("import", "/js/forms.js");
            await forms.InvokeVoidAsync("focusFirstInvalid", _form);
            return;
        }

        _starting = true;
        _refusal = null;
        try
        {
            var result = await queue.EnqueueAsync(new RunRequest(draft.Experiment, draft.Name, _checked.Spec, _key));
            if (result.Run is { } run)
                navigation.NavigateTo($"runs/{run}");
            else
                _refusal = string.Join(" ", result.Problems.Select(problem => problem.Message));
        }
        finally
        {
            _starting = false;
        }
    }

    private static string NewKey() => $"form-{Guid.NewGuid():N}";
}
