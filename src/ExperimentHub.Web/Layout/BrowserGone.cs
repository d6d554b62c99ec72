using Microsoft.JSInterop;

namespace ExperimentHub.Web.Layout;

/// <summary>Tells a page that was closed from one that failed.</summary>
internal static class BrowserGone
{
    /// <summary>Calls to a browser that has left end like this; those that were on their way are cancelled.</summary>
    public static bool Is(Exception exception) => exception is JSDisconnectedException or TaskCanceledException;
}
