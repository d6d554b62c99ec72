using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Compare;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Runs.Grid;
using ExperimentHub.Web.Specs;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Runs;

/// <summary>
/// Defines a run and starts it, or several where fields have several values. The form begins with the settings of the run's experiment; what is typed
/// beyond them lives in the address, so that a reload or a lost connection loses nothing.
/// </summary>
public sealed partial class NewRunPage(
    RunQueue queue, RunHistory history, PlannedRuns planned, ExperimentStore experiments, DatasetLibrary datasets, DeviceInventory devices,
    Confirmation confirmation, NavigationManager navigation, IJSRuntime js)
{
    private const string FirstExperiment = "tutorial";

    // In the address, from when several runs are started until they are.
    private const string SentKey = "sent";
    private const int KeyLength = 100;

    private ElementReference _form;
    private RunDraft? _draft;
    private SpecCombinations _read = new RunDraft().Read();

    // Of the runs that several values make; null for one run, and until it is known.
    private RunOutlook? _outlook;

    // What the form shows for the experiment alone, before anything is changed.
    private SpecDraft _usual = SpecDraft.Tutorial;
    private IReadOnlyList<string> _experiments = [];
    private ForkSource? _fork;
    private Run? _parent;
    private string? _refusal;
    private bool _starting;

    // One key per content of the form: however often "Start run" arrives, it starts one run, or several once.
    private string _key = NewKey();

    protected override async Task OnInitializedAsync()
    {
        var values = PageQuery.Of(navigation).Fields;
        _experiments = await history.ExperimentNamesAsync();
        _fork = ForkSource.Parse(values.GetValueOrDefault("fork"));
        _parent = _fork is null ? null : (await history.FindAsync(_fork.Run))?.Run;
        // Only the weights of a training of ours are known to fit a network of ours.
        if (_parent is { Training: null })
            _parent = null;
        if (values.ContainsKey("fork") && _parent is null)
            _refusal =
                "The address names a checkpoint to fork from that does not exist; its run may have been deleted. This form starts with fresh "
                    + "weights.";
        var from = RunId.TryParse(values.GetValueOrDefault("from"), out var id) ? (await history.FindAsync(id))?.Run : _parent;
        var experiment = values.GetValueOrDefault("experiment") is { Length: > 0 } named ? named : from?.Experiment.Name ?? FirstExperiment;
        _usual = await UsualAsync(experiment);
        _draft = new RunDraft
        {
            Experiment = experiment,
            Spec = from?.Training?.Spec is not { } settings ? _usual : SpecDraft.Of(settings)
        }.With(values);
        // The form was sent, and the connection was lost before the answer: sent again, it starts nothing twice.
        if (values.GetValueOrDefault(SentKey) is { Length: > 0 and <= KeyLength } sent)
            _key = sent;
        await ReadAsync(_draft);
    }

    private bool IsSeveral => _read is { IsSeveral: true, Checked.IsValid: true };

    private async Task ReadAsync(RunDraft draft)
    {
        var read = _read = draft.Read(datasets.Find(draft.Spec[SpecFields.Dataset]), devices);
        _outlook = null;
        if (!IsSeveral)
            return;
        var outlook = await planned.LookAsync([.. read.Possible.Select(one => one.Spec)], Fork);
        // Typing goes on meanwhile: the newest draft counts.
        if (ReferenceEquals(read, _read))
            _outlook = outlook;
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

        var fields = new Dictionary<string, object?>(_draft.Beyond(_usual)) { ["from"] = null, ["fork"] = Fork?.ToString(), [SentKey] = null };
        navigation.NavigateTo(navigation.GetUriWithQueryParameters(fields), replace: true);
        await ReadAsync(_draft);
    }

    private ForkSource? Fork => _parent is null ? null : _fork;

    /// <summary>A fork begins with its parent's settings, whatever the experiment.</summary>
    private async Task<SpecDraft> UsualAsync(string experiment) => _parent is { Training.Spec: var spec } ? SpecDraft.Of(spec)
        : SpecDraft.Of((await experiments.FindAsync(experiment.Trim()))?.DefaultSpec ?? new TrainingSpec());

    private Task<IEnumerable<string>> FindExperimentsAsync(string? text, CancellationToken cancellation) => Task.FromResult(
        string.IsNullOrWhiteSpace(text) || _experiments.Any(name => NameRule.Same(name, text))
            ? _experiments
            : _experiments.Where(name => NameRule.Folded(name).Contains(NameRule.Folded(text.Trim()), StringComparison.Ordinal)));

    private Task StartAsync() => IsSeveral ? StartSeveralAsync(_read, _key) : StartAsync(async draft =>
    {
        var run = await EnqueueAsync(draft.Name, _read.Checked.Spec, _key);
        if (run is { } id)
            navigation.NavigateTo($"runs/{id}");
    });

    private async Task StartSeveralAsync(SpecCombinations all, string key)
    {
        if (_starting || (all.Possible.Count > 1 && !await ConfirmAsync(all)))
            return;
        await StartAsync(async draft =>
        {
            // In the address before anything is started: whoever loses the connection now comes back with the same key.
            Remember(key);
            var made =
                await queue.EnqueueAllAsync([.. all.Possible.Select((one, i) =>
                    new RunRequest(draft.Experiment, draft.NameOf(all, one), one.Spec, $"{key}-{i}", Fork: Fork))]);
            _refusal = made.Runs.Count == 0 ? string.Join(" ", made.Problems.Select(problem => problem.Message)) : null;
            if (made.CreatedAt is not { } at)
                return;
            // Who comes back to the form later means other runs.
            Remember(null);
            navigation.NavigateTo(AddressOf(all, at));
        });
    }

    private Task<bool> ConfirmAsync(SpecCombinations all)
    {
        var runs = SeveralWords.Runs(all.Possible.Count);
        List<string?> words =
        [
            $"{SeveralWords.Product(all.Varied)}{(_outlook is null ? "" : $"; {SeveralWords.Time(_outlook, all.Possible.Count)}{(SeveralWords.Ahead(_outlook) is { } ahead ? $", {ahead}" : "")}")}.",
            SeveralWords.LeftOut(all), _outlook is null ? null : SeveralWords.Repeats(_outlook, all.Possible.Count),
        ];
        return confirmation.AskAsync($"Start {runs}?", string.Join(' ', words.OfType<string>()), $"Start {runs}", "Not yet", destroys: false);
    }

    private void Remember(string? key) => navigation.NavigateTo(navigation.GetUriWithQueryParameter(SentKey, key), replace: true);

    /// <summary>
    /// The table with just these runs, in their order: nothing else was made at that instant. What varies has a column, in sight beside the result.
    /// </summary>
    private string AddressOf(SpecCombinations all, DateTime createdAt)
    {
        var created = SearchText.Columns("created")[0];
        var grid = new GridAddress
        {
            Filter = SearchText.Condition(created, DateTime.SpecifyKind(createdAt, DateTimeKind.Utc)),
            OrderBy = SearchText.Order([new OrderTerm(created, Descending: false)])
        };
        List<GridColumn> missing = [.. all.Varied.Select(one => new GridColumn(new SearchColumn(ColumnKind.Param, one.Field.Path)))
            .Where(column => grid.Columns.All(known => known.Column != column.Column))];
        if (missing.Count > 0)
        {
            // The same on every row.
            var (name, rest) = (grid.Columns[0], grid.Columns.Skip(1)
                .Where(column => column.Name is not ("experiment" or "model" or "device")).ToList());
            grid = grid with { Chosen = [name, .. rest.Where(IsResult), .. missing, .. rest.Where(column => !IsResult(column))] };
        }

        return navigation.GetUriWithQueryParameters(navigation.ToAbsoluteUri("runs").ToString(), grid.Parameters);

        static bool IsResult(GridColumn column) => column.Column.Kind == ColumnKind.Metric;
    }

    /// <summary>The same spec on the CPU and on a GPU, side by side.</summary>
    private Task StartOnBothAsync() => StartAsync(async draft =>
    {
        var name = draft.Name.Trim();
        var cpu = await EnqueueAsync(name.Length == 0 ? "" : $"{name} (CPU)", _read.Checked.Spec with { Device = DeviceRequest.Cpu }, $"{_key}-cpu");
        var gpu = cpu is null ? null : await EnqueueAsync(name.Length == 0 ? "" : $"{name} (GPU)",
            _read.Checked.Spec with { Device = DeviceRequest.Cuda }, $"{_key}-cuda");
        if (cpu is { } first && gpu is { } second)
            navigation.NavigateTo(CompareAddress.To([first, second], baseline: first));
    });

    private async Task StartAsync(Func<RunDraft, Task> start)
    {
        if (_starting || _draft is not { } draft)
            return;
        if (!_read.Checked.IsValid)
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
