using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Datasets;

namespace ExperimentHub.Web.Datasets;

/// <summary>Every data set that a run can train on.</summary>
public sealed partial class DatasetsPage(DatasetLibrary library, DatasetFiles files, DatasetFetches fetches) : IDisposable
{
    private const int Pictures = 10;

    private IReadOnlyList<Row>? _rows;
    private string? _problem;

    protected override Task OnInitializedAsync()
    {
        library.Changed += OnChanged;
        fetches.Changed += OnFetch;
        return LoadAsync();
    }

    private async Task LoadAsync()
    {
        try
        {
            var runs = await library.RunsAsync();
            _rows = await Task.WhenAll(library.All.Select(async info =>
                new Row(info, library.FindOwn(info.Key)?.CreatedAt, runs.GetValueOrDefault(info.Key), await files.OpenAsync(info))));
            _problem = null;
        }
        catch (Exception e)
        {
            _problem = e.Message;
        }

        StateHasChanged();
    }

    private static IReadOnlyList<int> FirstOfEachClass(OpenDataset dataset) =>
        [.. Enumerable.Range(0, Math.Min(Pictures, dataset.Info.Classes)).SelectMany(label => dataset.FirstOf(DatasetSplit.Train, label, 1))];

    private void OnChanged() => _ = InvokeAsync(LoadAsync);

    /// <summary>Progress is shown as it is; what has arrived is read.</summary>
    private void OnFetch(string key) =>
        _ = InvokeAsync(fetches.IsOnItsWay(key) ? () => { StateHasChanged(); return Task.CompletedTask; }
    : LoadAsync);

    public void Dispose()
    {
        library.Changed -= OnChanged;
        fetches.Changed -= OnFetch;
    }

    /// <param name="UploadedAt">null for a published one.</param>
    private sealed record Row(DatasetInfo Info, DateTime? UploadedAt, int Runs, DatasetOpening Opening);
}
