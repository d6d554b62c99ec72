namespace ExperimentHub.Web;

/// <summary>Names for downloaded files, in letters that every file system takes.</summary>
internal static class DownloadName
{
    /// <param name="fallback">For a name that has no such letter.</param>
    public static string Of(string name, string fallback)
    {
        var safe = new string([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')]).Trim('-', '.');
        return safe.Length > 0 ? safe : fallback;
    }
}
