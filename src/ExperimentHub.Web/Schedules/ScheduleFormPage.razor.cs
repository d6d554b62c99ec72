using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Web.Edits;
using ExperimentHub.Web.Layout;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Schedules;

/// <summary>
/// Makes or changes a schedule in plain words. What is chosen lives in the address too, so that a reload or a lost connection loses nothing.
/// </summary>
public sealed partial class ScheduleFormPage(
    ScheduleStore schedules, ExperimentStore experiments, DatasetLibrary datasets, NavigationManager navigation, EditConflicts conflicts,
    IJSRuntime js) : IDisposable
{
    private ElementReference _form;
    private Schedule? _stored;

    // The version that what is on the screen began from. It stands in the address with the rest: after a reload the draft is as old as it was.
    private int _begunFrom;
    private bool _newer;
    private Experiment? _experiment;
    private IReadOnlyList<Experiment> _choices = [];
    private string _experimentName = "";
    private bool _choose;
    private CronDraft? _draft;
    private string _zone = ZonedTimes.ServerZone;
    private bool _newSeed = true;
    private List<SpecProblem> _problems = [];
    private IReadOnlyList<DateTimeOffset> _next = [];
    private bool _cronFits;

    // An untouched form shows no errors; only the experiment can be missing in it.
    private bool _experimentTouched;
    private string? _problem;
    private string? _refusal;
    private bool _missing;
    private bool _saving;
    private bool _opened;
    private int? _openedFor;

    /// <summary>null for a new schedule.</summary>
    [Parameter]
    public int? Id { get; set; }

    private string Title => _missing ? "There is no such schedule" : Id is null ? "New schedule" : "Edit schedule";

    /// <summary>There is nothing that could be retrained.</summary>
    private bool NoExperiment => _experiment is null && _choices.Count == 0;

    private string Back => Id is { } id ? $"schedules/{id}" : _choose || _experiment is null ? "schedules" : $"experiments/{_experiment.Id}";

    /// <summary>An own expression has words if it is one of the plain shapes or is often misread; else the next times say what it means.</summary>
    private string? Meaning => !_cronFits || _draft is not { } draft ? Figures.None
        : CronWords.Of(draft) is { } words && words != draft.Cron ? words : "see the next times";

    protected override void OnInitialized() => schedules.Changed += OnChanged;

    protected override Task OnParametersSetAsync()
    {
        // The address changes with every choice; what is on the screen then is newer than what it says.
        if (_opened && _openedFor == Id)
            return Task.CompletedTask;
        (_opened, _openedFor) = (true, Id);
        return LoadAsync();
    }

    private async Task LoadAsync()
    {
        (_problem, _missing, _draft, _stored, _newer) = (null, false, null, null, false);
        try
        {
            var query = PageQuery.Of(navigation).Fields;
            if (Id is { } id)
            {
                _stored = (await schedules.FindAsync(id))?.Schedule;
                if (_stored is null)
                {
                    _missing = true;
                    return;
                }
            }

            _experiment = _stored?.Experiment
                ?? (int.TryParse(query.GetValueOrDefault("experiment"), out var wanted) ? await experiments.FindAsync(wanted) : null);
            _choose = _stored is null && (_experiment is null || query.ContainsKey("choose"));
            if (_choose)
                _choices = [.. (await experiments.ListAsync()).Select(summary => summary.Experiment)];
            _experimentName = _experiment?.Name ?? "";
            _zone = query.GetValueOrDefault("zone") ?? _stored?.TimeZone ?? await ViewerZoneAsync();
            _newSeed = query.GetValueOrDefault("seed") is { } seed ? seed != "same" : _stored?.NewSeedEachTime ?? true;
            _draft = (query.GetValueOrDefault("cron") ?? _stored?.CronTyped) is { } cron ? CronDraft.Of(cron) : CronDraft.Nightly;
            _begunFrom = int.TryParse(query.GetValueOrDefault("version"), out var version) ? version : _stored?.Version ?? 0;
            _newer = _stored?.Version > _begunFrom;
            Check();
        }
        catch (Exception e) when (!BrowserGone.Is(e))
        {
            _problem = e.Message;
        }
    }

    /// <summary>People think in their own zone, which may not be the server's.</summary>
    private async Task<string> ViewerZoneAsync()
    {
        try
        {
            await using var viewer = new PageModule(js, "/js/viewer.js");
            return await viewer.AskAsync<string>("timeZone") is { } zone && ZonedTimes.IsKnown(zone) ? zone : ZonedTimes.ServerZone;
        }
        catch (JSException)
        {
            return ZonedTimes.ServerZone;
        }
    }

    private string? Why(string field) => _problems.FirstOrDefault(problem => problem.Field == field)?.Message;

    private void Change(CronDraft draft)
    {
        _draft = draft;
        Check();
        Remember();
    }

    private void ChooseExperiment(string? name)
    {
        _experimentName = name ?? "";
        _experiment = _choices.FirstOrDefault(experiment => NameRule.Same(experiment.Name, _experimentName));
        _experimentTouched = true;
        Check();
        Remember();
    }

    private void ChooseZone(string? zone)
    {
        _zone = (zone ?? "").Trim();
        Check();
        Remember();
    }

    private void ChooseSeed(bool newSeed)
    {
        _newSeed = newSeed;
        Remember();
    }

    private void Check()
    {
        _refusal = null;
        if (_draft is not { } draft)
            return;
        List<SpecProblem> problems = [.. draft.Problems];
        // Where the fields cannot be read yet, the time zone is still judged, with an expression that is surely right.
        problems.AddRange(schedules.Validate(new ScheduleDraft(draft.Cron ?? CronDraft.Nightly.Cron!, _zone)));
        _cronFits = draft.Cron is not null && problems.All(problem => problem.Field == "timeZone");
        if (_experiment is null && _experimentTouched)
            problems.Add(new SpecProblem("experiment", _experimentName.Trim().Length == 0
                ? "Choose the experiment to retrain." : $"There is no experiment called '{_experimentName.Trim()}'. Choose one of the list."));
        _problems = problems;
        _next = _cronFits && problems.All(problem => problem.Field == "experiment") ? schedules.Preview(new ScheduleDraft(draft.Cron!, _zone)) : [];
    }

    private void Remember()
    {
        var fields = new Dictionary<string, object?>
        {
            ["zone"] = _zone,
            ["seed"] = _newSeed == (_stored?.NewSeedEachTime ?? true) ? null : _newSeed ? "new" : "same"
        };
        if (_draft?.Cron is { } cron)
            fields["cron"] = cron;
        if (_stored is not null)
            fields["version"] = _begunFrom;
        if (_choose)
            (fields["experiment"], fields["choose"]) = (_experiment?.Id, "true");
        navigation.NavigateTo(navigation.GetUriWithQueryParameters(fields), replace: true);
    }

    private Task<IEnumerable<string>> FindExperimentsAsync(string? text, CancellationToken cancellation) =>
        Task.FromResult(Matching(_choices.Select(experiment => experiment.Name), text));

    private static Task<IEnumerable<string>> FindZonesAsync(string? text, CancellationToken cancellation) =>
        Task.FromResult(Matching(ZonedTimes.Zones, text));

    /// <summary>
    /// All of them where nothing or a whole name was typed, so that the list opens in full; that name comes first, because Enter takes the first.
    /// </summary>
    private static IEnumerable<string> Matching(IEnumerable<string> names, string? text) =>
        string.IsNullOrWhiteSpace(text) ? names
            : names.Contains(text.Trim(), StringComparer.OrdinalIgnoreCase)
                ? names.OrderByDescending(name => name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase))
            : names.Where(name => name.Contains(text.Trim().Replace(' ', '_'), StringComparison.OrdinalIgnoreCase)
                || name.Contains(text.Trim(), StringComparison.OrdinalIgnoreCase));

    private async Task SaveAsync()
    {
        if (_saving || _draft is not { } draft)
            return;
        _experimentTouched = true;
        Check();
        if (_problems.Count > 0)
        {
            await using var forms = new PageModule(js, "/js/forms.js");
            await forms.CallAsync("focusFirstInvalid", _form);
            return;
        }

        _saving = true;
        var saved = false;
        try
        {
            var schedule = new ScheduleDraft(draft.Cron!, _zone, NewSeedEachTime: _newSeed);
            var result = Id is { } id ? await UpdateAsync(id, schedule) : await schedules.CreateAsync(_experiment!.Id, schedule);
            if (result.Id is { } there)
            {
                saved = true;
                navigation.NavigateTo($"schedules/{there}");
            }
            else if (!result.Conflict)
            {
                _refusal = string.Join(' ', result.Problems.Select(problem => problem.Message));
            }
        }
        finally
        {
            // Once saved it stays so: a second click that comes before the page has left must not make a second schedule.
            _saving = saved;
        }
    }

    /// <summary>Asks where somebody else saved meanwhile, and again where that happens while the question stands.</summary>
    /// <returns>A conflict where the person goes on editing.</returns>
    private async Task<ScheduleResult> UpdateAsync(int id, ScheduleDraft draft)
    {
        while (true)
        {
            var result = await schedules.UpdateAsync(id, draft, _begunFrom);
            if (!result.Conflict || (await schedules.FindAsync(id))?.Schedule is not { } now)
                return result;
            switch (await AskAsync(now))
            {
                case ConflictChoice.KeepMine:
                    _begunFrom = now.Version;
                    break;
                case ConflictChoice.TakeTheirs:
                    return new ScheduleResult(id, []);
                default:
                    _newer = true;
                    return result;
            }
        }
    }

    private async Task CompareAsync()
    {
        if (Id is not { } id || (await schedules.FindAsync(id))?.Schedule is not { } now)
            return;
        switch (await AskAsync(now))
        {
            case ConflictChoice.KeepMine:
                (_begunFrom, _newer) = (now.Version, false);
                await SaveAsync();
                break;
            case ConflictChoice.TakeTheirs:
                navigation.NavigateTo($"schedules/{id}");
                break;
        }
    }

    private async Task<ConflictChoice> AskAsync(Schedule now)
    {
        var differences = new List<Difference>
        {
            new("when", now.CronTyped, _draft?.Cron ?? ""), new("time zone", now.TimeZone, _zone),
            new("seed", Seed(now.NewSeedEachTime), Seed(_newSeed)),
        };
        differences.RemoveAll(one => one.Before == one.After);
        return differences.Count == 0 ? ConflictChoice.TakeTheirs : await conflicts.AskAsync("Two people edited this schedule", differences);

        static string Seed(bool isNew) => isNew ? "a new one each night" : "the same each night";
    }

    /// <summary>What is chosen stays; that somebody else has saved is said.</summary>
    private void OnChanged(int id)
    {
        if (id != Id)
            return;
        _ = InvokeAsync(async () =>
        {
            if (_saving || (await schedules.FindAsync(id))?.Schedule is not { } now || now.Version <= _begunFrom)
                return;
            _newer = true;
            StateHasChanged();
        });
    }

    public void Dispose() => schedules.Changed -= OnChanged;

    private string Words(TrainingSpec spec) =>
        $"{ModelCatalog.Find(spec.Model.Kind)?.Name ?? spec.Model.Kind} on {datasets.NameOf(spec.Dataset)}, {spec.Epochs} {(spec.Epochs == 1 ? "epoch" : "epochs")}";
}
