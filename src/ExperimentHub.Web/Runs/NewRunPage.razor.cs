using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Specs;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Runs;

/// <summary>
/// Defines a run and starts it. The form begins with the settings of the run's experiment; what is typed beyond them lives in the address,
/// so that a reload or a lost connection loses nothing.
/// </summary>
public sealed partial class NewRunPage(RunQueue queue, RunHistory history, ExperimentStore experiments, DatasetLibrary datasets, DeviceInventory devices, NavigationManager navigation, IJSRuntime js)
{
    private const string FirstExperiment = "tutorial";

    private ElementReference _form;
    private RunDraft? _draft;
    private CheckedSpec _checked = SpecDraft.Tutorial.Check();

    // What the form shows for the experiment alone, before anything is changed.
    private SpecDraft _usual = SpecDraft.Tutorial;
    private IReadOnlyList<string> _experiments = [];
    private ForkSource? _fork;
    private Run? _parent;
    private string? _refusal;
    private bool _starting;

    // One key per content of the form: however often "Start run" arrives, it starts one run.
    private string _key = NewKey();

    protected override async Task OnInitializedAsync()
    {
        var values = QueryHelpers.ParseQuery(navigation.ToAbsoluteUri(navigation.Uri).Query)
            .ToDictionary(pair => pair.Key, pair => pair.Value.LastOrDefault(), StringComparer.OrdinalIgnoreCase);
        _experiments = await history.ExperimentNamesAsync();
        _fork = ForkSource.Parse(values.GetValueOrDefault("fork"));
        _parent = _fork is null ? null : (await history.FindAsync(_fork.Run))?.Run;
        if (values.ContainsKey("fork") && _parent is null)
            _refusal = "The address names a checkpoint to fork from that does not exist; its run may have been deleted. This form starts with fresh weights.";
        var from = RunId.TryParse(values.GetValueOrDefault("from"), out var id) ? (await history.FindAsync(id))?.Run : _parent;
        var experiment = values.GetValueOrDefault("experiment") is { Length: > 0 } named ? named : from?.Experiment.Name ?? FirstExperiment;
        _usual = await UsualAsync(experiment);
        _draft = new RunDraft { Experiment = experiment, Spec = from is null ? _usual : SpecDraft.Of(from.Spec) }.With(values);
        _checked = _draft.Check(datasets.Find(_draft.Spec[SpecFields.Dataset]), devices);
    }

    private async Task ChangeAsync(RunDraft draft)
    {
        if (draft == _draft)
            return;
        var experimentChanged = draft.Experiment != _draft?.Experiment;
        _draft = draft;
        _refusal = null;
        _key = NewKey();
        if (experimentChanged)
        {
            var usual = await UsualAsync(draft.Experiment);
            // Typing goes on meanwhile: the newest draft counts.
            if (_draft.Experiment != draft.Experiment)
                return;
            // Settings that nobody touched follow the experiment.
            if (_draft.Spec == _usual)
                _draft = _draft with { Spec = usual };
            _usual = usual;
        }

        _checked = _draft.Check(datasets.Find(_draft.Spec[SpecFields.Dataset]), devices);
        var fields = new Dictionary<string, object?>(_draft.Beyond(_usual)) { ["from"] = null, ["fork"] = Fork?.ToString() };
        navigation.NavigateTo(navigation.GetUriWithQueryParameters(fields), replace: true);
    }

    private ForkSource? Fork => _parent is null ? null : _fork;

    /// <summary>A fork begins with its parent's settings, whatever the experiment.</summary>
    private async Task<SpecDraft> UsualAsync(string experiment) => _parent is { } parent ? SpecDraft.Of(parent.Spec)
        : SpecDraft.Of((await experiments.FindAsync(experiment.Trim()))?.DefaultSpec ?? new TrainingSpec());

    private Task<IEnumerable<string>> FindExperimentsAsync(string? text, CancellationToken cancellation) => Task.FromResult(
        string.IsNullOrWhiteSpace(text) || _experiments.Any(name => NameRule.Same(name, text))
            ? _experiments
            : _experiments.Where(name => NameRule.Folded(name).Contains(NameRule.Folded(text.Trim()), StringComparison.Ordinal)));

    private Task StartAsync() => StartAsync(async draft =>
    {
        var run = await EnqueueAsync(draft.Name, _checked.Spec, _key);
        if (run is { } id)
            navigation.NavigateTo($"runs/{id}");
    });

    /// <summary>The same spec on the CPU and on a GPU, side by side.</summary>
    private Task StartOnBothAsync() => StartAsync(async draft =>
    {
        var name = draft.Name.Trim();
        var cpu = await EnqueueAsync(name.Length == 0 ? "" : $"{name} (CPU)", _checked.Spec with { Device = DeviceRequest.Cpu }, $"{_key}-cpu");
        var gpu = cpu is null ? null : await EnqueueAsync(name.Length == 0 ? "" : $"{name} (GPU)", _checked.Spec with { Device = DeviceRequest.Cuda }, $"{_key}-cuda");
        if (cpu is { } first && gpu is { } second)
            navigation.NavigateTo(CompareAddress.To([first, second], baseline: first));
    });

    private async Task StartAsync(Func<RunDraft, Task> start)
    {
        if (_starting || _draft is not { } draft)
            return;
        if (!_checked.IsValid)
        {
            await using var forms = new PageModule(js, "/js/forms.js");
            await forms.CallAsync("focusFirstInvalid", _form);
            return;
        }

        _starting = true;
        _refusal = null;
        try
        {
            await start(draft);
        }
        finally
        {
            _starting = false;
        }
    }

    private async Task<RunId?> EnqueueAsync(string name, TrainingSpec spec, string key)
    {
        var result = await queue.EnqueueAsync(new RunRequest(_draft!.Experiment, name, spec, key, Fork: Fork));
        _refusal = result.Run is null ? string.Join(" ", result.Problems.Select(problem => problem.Message)) : null;
        return result.Run;
    }

    private static string NewKey() => $"form-{Guid.NewGuid():N}";
}
