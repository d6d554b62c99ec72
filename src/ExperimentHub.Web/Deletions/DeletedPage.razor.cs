using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Layout;
using MudBlazor;

namespace ExperimentHub.Web.Deletions;

/// <summary>What was deleted and can be brought back, with the room that it takes.</summary>
public sealed partial class DeletedPage(
    DeletedThings deletions, ExperimentStore experiments, RunDeletion runs, RunFeed feed, Confirmation confirmation, ISnackbar snackbar) : IDisposable
{
    private const int RunsShown = 200;
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, long> _sizes = [];
    private DeletedListing? _listing;
    private long? _bytes;
    private string? _problem;
    private bool _busy;
    private IDisposable? _subscription;

    private int Count => _listing is { } listing ? listing.Experiments.Count + listing.RunCount : 0;

    protected override Task OnInitializedAsync()
    {
        _subscription = feed.Subscribe(null, RunSignal.Existence, () => InvokeAsync(LoadAsync), RefreshInterval);
        experiments.Changed += OnChanged;
        return LoadAsync();
    }

    private async Task LoadAsync()
    {
        try
        {
            var listing = await deletions.ListAsync(RunsShown);
            foreach (var one in listing.Experiments)
                _sizes[KeyOf(one)] = await deletions.SizeAsync(one.Runs);
            foreach (var one in listing.Runs)
                _sizes[KeyOf(one)] = await deletions.SizeAsync([one.Id]);
            var unseen = listing.RunCount > listing.Runs.Count
                ? (await deletions.RunIdsAsync()).Except(listing.Runs.Select(run => run.Id)).ToList() : [];
            _bytes = listing.Experiments.Sum(one => _sizes[KeyOf(one)]) + listing.Runs.Sum(one => _sizes[KeyOf(one)])
                + await deletions.SizeAsync(unseen);
            (_listing, _problem) = (listing, null);
        }
        catch (Exception e)
        {
            _problem = e.Message;
        }

        StateHasChanged();
    }

    private IEnumerable<Row> Rows(DeletedListing listing) => listing.Experiments
        .Select(one => new Row(KeyOf(one), one.Name,
            one.Runs.Count switch { 0 => "experiment", 1 => "experiment with its run", var count => $"experiment with {Figures.Count(count)} runs" },
            $"experiments/{one.Id}", _sizes.GetValueOrDefault(KeyOf(one)), one.DeletedAt, one.Until, null, one))
        .Concat(listing.Runs.Select(one => new Row(KeyOf(one), one.Name, $"run of {one.Experiment}", $"runs/{one.Id}",
            _sizes.GetValueOrDefault(KeyOf(one)), one.DeletedAt, one.Until, one, null)))
        .OrderByDescending(row => row.DeletedAt);

    private Task RestoreAsync(Row row) => DoAsync(async () =>
    {
        var problem = row.Experiment is { } experiment ? await experiments.RestoreAsync(experiment.Id)
            : await runs.RestoreAsync([row.Run!.Id]) == 0 ? "It was removed for good before it could be brought back." : null;
        snackbar.Add(problem ?? $"{row.Name} is back.", problem is null ? Severity.Success : Severity.Error);
    });

    private Task PurgeAsync(Row row) => DoAsync(async () =>
    {
        var bytes = await deletions.SizeAsync(row.Experiment?.Runs ?? [row.Run!.Id]);
        if (!await confirmation.AskAsync($"Delete {row.Name} for good?",
            "Its results, logs and checkpoints are removed now. They cannot be brought back.", $"Delete now, {Figures.Size(bytes)}", "Keep it"))
            return;
        var freed = row.Experiment is { } experiment ? await experiments.PurgeAsync(experiment.Id) : await runs.PurgeAsync([row.Run!.Id]);
        snackbar.Add($"{row.Name} is gone; {Figures.Size(freed)} are free again.", Severity.Normal);
    });

    private Task PurgeAllAsync() => DoAsync(async () =>
    {
        // What the person reads is what goes: something that is deleted while the question stands waits for the next one.
        var listing = await deletions.ListAsync(RunsShown);
        var ids = await deletions.RunIdsAsync();
        var bytes = await deletions.SizeAsync([.. listing.Experiments.SelectMany(one => one.Runs).Union(ids)]);
        var words = string.Join(" and ", new[] { Words(listing.Experiments.Count, "experiment"), Words(ids.Count, "run") }.OfType<string>());
        if (!await confirmation.AskAsync($"Delete {words} for good?", "Results, logs and checkpoints are removed now. They cannot be brought back.",
            $"Delete all now, {Figures.Size(bytes)}", "Keep them"))
            return;
        var freed = 0L;
        foreach (var one in listing.Experiments)
            freed += await experiments.PurgeAsync(one.Id);
        foreach (var step in ids.Chunk(500))
            freed += await runs.PurgeAsync(step);
        snackbar.Add($"Deleted for good; {Figures.Size(freed)} are free again.", Severity.Normal);
    });

    private async Task DoAsync(Func<Task> act)
    {
        if (_busy)
            return;
        _busy = true;
        try
        {
            await act();
        }
        finally
        {
            _busy = false;
        }

        await LoadAsync();
    }

    private static string? Words(int count, string what) => count switch { 0 => null, 1 => $"1 {what}", _ => $"{Figures.Count(count)} {what}s" };

    private static string KeyOf(DeletedExperiment experiment) => $"e{experiment.Id}";

    private static string KeyOf(DeletedRun run) => $"r{run.Id}";

    private void OnChanged(int id) => _ = InvokeAsync(LoadAsync);

    public void Dispose()
    {
        _subscription?.Dispose();
        experiments.Changed -= OnChanged;
    }

    private sealed record Row(
        string Key, string Name, string What, string Address, long Bytes, DateTime DeletedAt, DateTime Until, DeletedRun? Run,
        DeletedExperiment? Experiment);
}
