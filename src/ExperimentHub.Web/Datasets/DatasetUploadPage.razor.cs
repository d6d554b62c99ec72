using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Web.Layout;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Datasets;

/// <summary>The form of an upload. The browser sends it as a plain request, with a bar for each file.</summary>
public sealed partial class DatasetUploadPage(DatasetLibrary library, DatasetOptions options, NavigationManager navigation, IJSRuntime js)
    : IAsyncDisposable
{
    private static readonly (string Field, string Words)[] Fields =
        [.. DatasetUpload.FileFields.Zip(["Training images", "Training labels", "Test images", "Test labels"])];

    private const string Python = """
        def write_idx(path, array):  # uint8
            shape = np.array(array.shape, ">u4")
            head = bytes([0, 0, 8, array.ndim])
            with open(path, "wb") as file:
                file.write(head + shape.tobytes())
                file.write(array.tobytes())
        """;

    private ElementReference _form;
    private readonly PageModule _script = new(js, "/js/dataset-upload.js");
    private bool _ready;

    private string Curl => $"""
        curl {navigation.BaseUri}api/v1/datasets \
          -F name="My digits" \
          -F trainImages=@{DatasetFile.UsualNames[0]}.gz \
          -F trainLabels=@{DatasetFile.UsualNames[1]}.gz \
          -F testImages=@{DatasetFile.UsualNames[2]}.gz \
          -F testLabels=@{DatasetFile.UsualNames[3]}.gz
        """;

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender && await _script.StartAsync("attach", _form, _script.Reach(this)))
        {
            _ready = true;
            StateHasChanged();
        }
    }

    /// <summary>A name that is taken is better refused before gigabytes are on their way.</summary>
    /// <returns>What is wrong with the name; null where it can be used.</returns>
    [JSInvokable]
    public string? CheckName(string? name) => DatasetUpload.NameProblem(name)
        ?? (library.FindLike(name!) is { } other ? DatasetUpload.TakenBy(other) : null);

    public ValueTask DisposeAsync() => _script.DisposeAsync();
}
