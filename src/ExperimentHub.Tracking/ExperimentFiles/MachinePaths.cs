using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>
/// Logs and errors name files by where they lie on this machine, which is nobody else's business. What is left of a path is its last part.
/// </summary>
internal static partial class MachinePaths
{
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Hide(string? text) => text is null ? null : Folders().Replace(text, "…/");

    /// <summary>Two or more folders from the root on; the address of a page is no path.</summary>
    [GeneratedRegex("""(?<=^|[\s'"(\[=:,])/(?:[^\s/'"():,]+/)+""", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Folders();
}
