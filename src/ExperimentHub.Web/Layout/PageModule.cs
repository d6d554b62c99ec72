using Microsoft.JSInterop;

namespace ExperimentHub.Web.Layout;

/// <summary>
/// A JavaScript module of a component, loaded with its first call. Whoever looks may leave at any moment, also while it loads: what is on its way
/// then ends without a word, nothing more is called, and what it attached is taken away. To be used where the component renders, and disposed of with
/// it.
/// </summary>
/// <param name="path">Such as <c>/js/filter-field.js</c>.</param>
public sealed class PageModule(IJSRuntime js, string path) : IAsyncDisposable
{
    private readonly List<IDisposable> _reachable = [];
    private IJSObjectReference? _module;
    private IJSObjectReference? _started;
    private bool _gone;

    /// <returns>What the module calls the component's methods by, until the component goes.</returns>
    public DotNetObjectReference<T> Reach<T>(T component)
        where T : class
    {
        var reference = DotNetObjectReference.Create(component);
        _reachable.Add(reference);
        return reference;
    }

    /// <exception cref="JSException">The function failed, or the module is not there.</exception>
    public Task CallAsync(string function, params object?[] arguments) =>
        WithModuleAsync(async module => await module.InvokeVoidAsync(function, arguments));

    /// <returns>Its answer; the default where nobody is there any more.</returns>
    /// <exception cref="JSException">The function failed, or the module is not there.</exception>
    public async Task<T?> AskAsync<T>(string function, params object?[] arguments)
    {
        T? answer = default;
        await WithModuleAsync(async module => answer = await module.InvokeAsync<T?>(function, arguments));
        return answer;
    }

    /// <summary>Calls a function once that answers with an object, whose <c>dispose</c> is called when the component goes.</summary>
    /// <returns>False where nobody is there any more.</returns>
    /// <exception cref="JSException">The function failed, or the module is not there.</exception>
    public async Task<bool> StartAsync(string function, params object?[] arguments)
    {
        await WithModuleAsync(async module => _started = await module.InvokeAsync<IJSObjectReference>(function, arguments));
        return !_gone;
    }

    /// <summary>Calls a function of what was started; nothing where nothing was.</summary>
    /// <exception cref="JSException">The function failed.</exception>
    public Task TellAsync(string function, params object?[] arguments) => WithModuleAsync(async _ =>
    {
        if (_started is not null)
            await _started.InvokeVoidAsync(function, arguments);
    });

    public async ValueTask DisposeAsync()
    {
        _gone = true;
        await LetGoAsync();
    }

    private async Task WithModuleAsync(Func<IJSObjectReference, Task> call)
    {
        if (_gone)
            return;
        try
        {
            _module ??= await js.InvokeAsync<IJSObjectReference>("import", path);
            if (!_gone && _module is not null)
                await call(_module);
        }
        catch (Exception e) when (_gone || BrowserGone.Is(e))
        {
            // A page that was left says many things: its elements are no longer there, its circuit may not be either.
        }

        // What came after the component had gone.
        if (_gone)
            await LetGoAsync();
    }

    private async Task LetGoAsync()
    {
        var (module, started) = (_module, _started);
        (_module, _started) = (null, null);
        try
        {
            if (started is not null)
            {
                await started.InvokeVoidAsync("dispose");
                await started.DisposeAsync();
            }

            if (module is not null)
                await module.DisposeAsync();
        }
        catch (Exception e) when (e is JSException || BrowserGone.Is(e))
        {
            // The browser is gone, or the element that was attached to.
        }

        foreach (var reference in _reachable)
            reference.Dispose();
        _reachable.Clear();
    }
}
