using Markdig;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Edits;

/// <summary>
/// Notes as a page shows them. Whoever can write notes cannot do more than write: raw HTML is shown as the text it is, only links that leave by http,
/// https or mailto or stay on this hub are links, and a picture is a link to itself, because a page asks no other machine for anything.
/// </summary>
internal static class Markdown
{
    /// <summary>The page has a title and headings of its own.</summary>
    private const int HighestHeading = 3;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseAutoLinks()
        .UseEmphasisExtras().Build();

    public static MarkupString Render(string markdown)
    {
        var document = Markdig.Markdown.Parse(markdown, Pipeline);
        foreach (var heading in document.Descendants<HeadingBlock>())
            heading.Level = Math.Min(heading.Level + HighestHeading - 1, 6);
        foreach (var link in document.Descendants<LinkInline>().ToList())
            Tame(link);
        foreach (var link in document.Descendants<AutolinkInline>().ToList())
        {
            if (!link.IsEmail && !IsSafe(link.Url))
                link.ReplaceBy(new LiteralInline(link.Url));
            else
                Leave(link);
        }

        return new MarkupString(document.ToHtml(Pipeline));
    }

    private static void Tame(LinkInline link)
    {
        if (link.IsImage)
        {
            link.IsImage = false;
            if (link.FirstChild is null)
                link.AppendChild(new LiteralInline(link.Url ?? ""));
        }

        // Whatever stands there by reference is worked out first.
        (link.Url, link.GetDynamicUrl) = (link.GetDynamicUrl?.Invoke() ?? link.Url, null);
        if (IsSafe(link.Url))
            Leave(link);
        else
            link.ReplaceBy(new ContainerInline(), copyChildren: true); // its words alone
    }

    private static void Leave(MarkdownObject link)
    {
        var attributes = link.GetAttributes();
        attributes.AddPropertyIfNotExist("rel", "noopener noreferrer nofollow");
        attributes.AddPropertyIfNotExist("target", "_blank");
    }

    /// <summary>A scheme that is named here, or none at all, judged as browsers do: without blanks and control characters.</summary>
    private static bool IsSafe(string? url)
    {
        var bare = new string([.. (url ?? "").Where(c => !char.IsControl(c) && !char.IsWhiteSpace(c))]);
        var scheme = bare.IndexOfAny([':', '/', '?', '#']) is var end and >= 0 && bare[end] == ':' ? bare[..end] : null;
        return scheme is null || scheme.ToLowerInvariant() is "http" or "https" or "mailto";
    }
}
