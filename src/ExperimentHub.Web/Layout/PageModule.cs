using Microsoft.JSInterop;

namespace ExperimentHub.Web.Layout;

/// <summary>A JavaScript module of a component, loaded with its first call. A browser that has left is no error.</summary>
/// <param name="path">Such as <c>/js/filter-field.js</c>.</param>
public sealed class PageModule(IJSRuntime js, string path) : IAsyncDisposable
{
    private IJSObjectReference? _module;

    public async Task CallAsync(string function, params object?[] arguments)
    {
        try
        {
            _module ??= await js.InvokeAsync<IJSObjectReference>("import", path);
            await _module.InvokeVoidAsync(function, arguments);
        }
        catch (Exception e) when (BrowserGone.Is(e))
        {
            // The page was closed meanwhile.
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_module is not null)
                await _module.DisposeAsync();
        }
        catch (Exception e) when (BrowserGone.Is(e))
        {
            // Nothing is left to be let go of.
        }
    }
}
