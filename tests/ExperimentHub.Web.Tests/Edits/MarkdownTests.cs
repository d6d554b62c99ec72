using ExperimentHub.Web.Edits;

namespace ExperimentHub.Web.Tests.Edits;

public sealed class MarkdownTests
{
    [Fact]
    public void Render_Notes_AreFormatted()
    {
        Assert.Equal("<h3>Title</h3>\n<p><strong>bold</strong> <code>code</code></p>\n", Markdown.Render("# Title\n\n**bold** `code`").Value);
        Assert.Contains("<td>1</td>", Markdown.Render("|a|\n|-|\n|1|").Value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("text <b onclick=\"alert(1)\">bold</b>")]
    [InlineData("<!-- comment -->")]
    [InlineData("`<i>`")]
    [InlineData("```\n<i>\n```")]
    public void Render_RawHtml_IsShownAsText(string markdown)
    {
        var html = Markdown.Render(markdown).Value;
        Assert.Matches("^(<(/?(p|code|pre))>|[^<])*$", html);
    }

    [Theory]
    [InlineData("[a](javascript:alert(1))")]
    [InlineData("[a](JaVa&#x09;Script:alert(1))")]
    [InlineData("[a](<java script:alert(1)>)")]
    [InlineData("[a](data:text/html;base64,AAAA)")]
    [InlineData("[a](vbscript:x)")]
    [InlineData("[a](file:///etc/passwd)")]
    [InlineData("[a]\n\n[a]: javascript:alert(1)")]
    [InlineData("![a](javascript:alert(1))")]
    [InlineData("<javascript:alert(1)>")]
    public void Render_LinkToNoPage_IsWordsOnly(string markdown) =>
        Assert.DoesNotContain("href", Markdown.Render(markdown).Value, StringComparison.Ordinal);

    [Theory]
    [InlineData("[a](https://example.com)", "https://example.com")]
    [InlineData("https://example.com", "https://example.com")]
    [InlineData("<https://example.com>", "https://example.com")]
    [InlineData("[a](/runs?status=failed)", "/runs?status=failed")]
    [InlineData("<a@example.com>", "mailto:a@example.com")]
    [InlineData("[a]\n\n[a]: https://example.com", "https://example.com")]
    public void Render_Link_OpensElsewhereAndTellsNothing(string markdown, string address)
    {
        var html = Markdown.Render(markdown).Value;
        Assert.Contains($"<a href=\"{address}\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_Picture_IsALinkToIt()
    {
        var html = Markdown.Render("![a chart](https://example.com/x.png) ![](https://example.com/y.png)").Value;
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.Contains(">a chart</a>", html, StringComparison.Ordinal);
        Assert.Contains(">https://example.com/y.png</a>", html, StringComparison.Ordinal);
    }
}
