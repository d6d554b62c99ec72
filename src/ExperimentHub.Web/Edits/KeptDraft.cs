using ExperimentHub.Web.Layout;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Edits;

/// <summary>
/// What somebody typed into a form and has not saved yet, kept in their browser: it survives a lost connection, a start of the hub and a closed page.
/// The element around the form's fields carries the key in <c>data-draft</c>, so that what is typed while the hub does not hear it is kept as well.
/// </summary>
/// <typeparam name="T">The form's state, as JSON.</typeparam>
internal sealed class KeptDraft<T>(IJSRuntime js) : IAsyncDisposable
    where T : class
{
    private readonly PageModule _module = new(js, "/js/drafts.js");

    /// <returns>null where nothing is kept, or nothing that this version of the hub can read.</returns>
    public async Task<Kept?> ReadAsync(string key)
    {
        Kept? kept = null;
        await TryAsync(async () => kept = await _module.AskAsync<Kept>("read", key));
        return kept;
    }

    /// <summary>Keeps the state in place of what was kept. To be called when the page shows it.</summary>
    public Task KeepAsync(string key, T state) => TryAsync(() => _module.CallAsync("keep", key, state));

    /// <summary>
    /// Puts what the hub never heard into the fields, which then tell it. To be called when the page shows the state that was read.
    /// </summary>
    public Task LayAsync(string key) => TryAsync(() => _module.CallAsync("lay", key));

    /// <summary>It was saved, or is not wanted any more.</summary>
    public Task ForgetAsync(string key) => TryAsync(() => _module.CallAsync("forget", key));

    public ValueTask DisposeAsync() => _module.DisposeAsync();

    private static async Task TryAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception e) when (e is JSException or System.Text.Json.JsonException)
        {
            // The browser keeps nothing, or what no form of today can read. The form works without.
        }
    }

    /// <param name="State">As it was kept.</param>
    /// <param name="At">When it was last changed, in milliseconds since 1970 by the browser's clock.</param>
    internal sealed record Kept(T State, long At);
}
