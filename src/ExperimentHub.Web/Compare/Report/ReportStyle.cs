using System.Text.RegularExpressions;
using Microsoft.Extensions.FileProviders;

namespace ExperimentHub.Web.Compare.Report;

/// <summary>The looks of a report: those of the pages, in the theme of whoever reads it.</summary>
internal static partial class ReportStyle
{
    /// <summary>
    /// What the file may do: draw itself. Styles stand in it, and pictures too; nothing is fetched, run or sent, whatever a name in it says.
    /// <c>style</c> attributes need the words about inline styles.
    /// </summary>
    public const string Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

    public static async Task<string> ReadAsync(IFileProvider files, CancellationToken cancellation)
    {
        var pages = await TextAsync("app.css");
        // On pages a script sets the theme before the first paint. A report has none, and asks the browser; on paper it is always light.
        var dark = string.Concat(DarkRules().Matches(pages).Select(rule => rule.Groups["rules"].Value));
        return $"{pages}{await TextAsync("report.css")}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n";

        async Task<string> TextAsync(string file)
        {
            using var reader = new StreamReader(files.GetFileInfo(file).CreateReadStream());
            return await reader.ReadToEndAsync(cancellation);
        }
    }

    [GeneratedRegex("""^:root\[data-theme="dark"\] \{(?<rules>[^}]*)\}""", RegexOptions.Multiline)]
    private static partial Regex DarkRules();
}
