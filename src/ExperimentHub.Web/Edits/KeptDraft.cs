using ExperimentHub.Web.Layout;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Edits;

/// <summary>
/// What somebody typed into a form and has not saved yet, kept in their browser: it survives a lost connection, a start of the hub and a closed page. The element around the form's fields carries the
/// key in <c>data-draft</c>, so that what is typed while the hub does not hear it is kept as well.
/// </summary>
/// <typeparam name="T">The form's state, as JSON.</typeparam>
internal sealed class KeptDraft<T>(IJSRuntime js) : IAsyncDisposable
    where T : class
{
    private IJSObjectReference? _module;

    /// <returns>null where nothing is kept, or nothing that this version of the hub can read.</returns>
    public Task<Kept?> ReadAsync(string key) => CallAsync(module => module.InvokeAsync<Kept?>("read", key));

    /// <summary>Keeps the state in place of what was kept. To be called when the page shows it.</summary>
    public Task KeepAsync(string key, T state) => CallAsync(async module =>
    {
        await module.InvokeVoidAsync("keep", key, state);
        return (Kept?)null;
    });

    /// <summary>Puts what the hub never heard into the fields, which then tell it. To be called when the page shows the state that was read.</summary>
    public Task LayAsync(string key) => CallAsync(async module =>
    {
        await module.InvokeVoidAsync("lay", key);
        return (Kept?)null;
    });

    /// <summary>It was saved, or is not wanted any more.</summary>
    public Task ForgetAsync(string key) => CallAsync(async module =>
    {
        await module.InvokeVoidAsync("forget", key);
        return (Kept?)null;
    });

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

    private async Task<Kept?> CallAsync(Func<IJSObjectReference, ValueTask<Kept?>> call)
    {
        try
        {
            _module ??= await js.InvokeAsync<IJSObjectReference?>("import", "/js/drafts.js");
            return _module is null ? null : await call(_module);
        }
        catch (Exception e) when (e is JSException or System.Text.Json.JsonException || BrowserGone.Is(e))
        {
            // The browser has left, or keeps nothing. The form works without.
            return null;
        }
    }

    /// <param name="State">As it was kept.</param>
    /// <param name="At">When it was last changed, in milliseconds since 1970 by the browser's clock.</param>
    internal sealed record Kept(T State, long At);
}
