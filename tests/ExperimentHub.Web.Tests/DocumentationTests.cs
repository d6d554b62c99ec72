using System.Text.RegularExpressions;
using ExperimentHub.TestHub;
using ExperimentHub.Web.Security;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.Extensions.Configuration;

namespace ExperimentHub.Web.Tests;

/// <summary>The pages beside the source: links lead somewhere, the contents name every page, the table of settings has those that are read.</summary>
public sealed class DocumentationTests
{
    private static readonly MarkdownPipeline Pipeline =
        new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).Build();

    private static readonly Regex Parameter = new(@"\{\w+\}");

    /// <summary>One for each theme is more than Markdown can say.</summary>
    private static readonly Regex Picture = new(@"<(img|source) [^>]*(src|srcset)=""(?<file>[^""]+)""");

    [Fact]
    public void Links_OfEveryPage_LeadToAFileAndToAHeadingOfIt()
    {
        var headings = Pages().ToDictionary(page => page, Headings);
        var links = Pages().SelectMany(page => Links(page).Select(link => (Page: page, Link: link))).ToList();

        Assert.Contains(links, link => Anchor(link.Link) is not null);
        Assert.Empty(links.Where(link => !Leads(link.Page, link.Link)).Select(link => $"{Name(link.Page)}: {link.Link}"));

        bool Leads(string page, string link) => Anchor(link) is { } anchor
            ? headings.TryGetValue(Target(page, link), out var known) && known.Contains(anchor)
            : Path.Exists(Target(page, link));
    }

    [Fact]
    public void Contents_OfTheDocumentation_NameEveryPage()
    {
        var contents = Path.Combine(Repository.Root, "docs", "README.md");
        Assert.Empty(Pages().Except(Links(contents).Select(link => Target(contents, link))).Where(page => page != contents).Select(Name));
    }

    [Fact]
    public void Settings_ThatAreRead_AreThoseOfTheTable()
    {
        var asked = new AskedSettings();
        using var configuration = new ConfigurationManager();
        ((IConfigurationBuilder)configuration).Add(asked);
        Listening.UseDefault(configuration);
        Assert.Empty(HubOptions.Read(configuration, out _));

        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));
        var table = Regex.Matches(page, @"^\| `(?<name>Hub:[\w:]+)` \|", RegexOptions.Multiline).Select(row => row.Groups["name"].Value);
        Assert.Equal(asked.Names.Order(StringComparer.Ordinal), table.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Addresses_OnThePageOfTheApi_AreOnesThatItDescribes()
    {
        await using var app = new HubApp();
        var described = (await app.GetAsync("/openapi/v1.json")).Body!["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {Parameter.Replace(path.Key, "{}")}"))
            .ToList();
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "api.md"));
        var named = Regex.Matches(page, @"\b(?<method>GET|POST|PUT|PATCH|DELETE) (?<path>/[\w/{}-]+)").ToList();
        var called = Regex.Matches(page, @"\$hub(?<path>/[\w/$-]+)").ToList();

        Assert.Contains(named, address => address.Value == "GET /runs/{id}/live");
        Assert.Contains(called, address => address.Value == "$hub/runs/$run/series");
        Assert.Empty(named.Where(address =>
                !described.Contains($"{address.Groups["method"]} /api/v1{Parameter.Replace(address.Groups["path"].Value, "{}")}"))
            .Select(address => address.Value));
        // The method of an example may stand anywhere in its line, and its values in place of parameters.
        Assert.Empty(called.Where(address => !described.Exists(operation =>
            Regex.IsMatch($"/api/v1{address.Groups["path"]}", $"^{operation.Split(' ')[1].Replace("{}", "[^/]+", StringComparison.Ordinal)}$")))
            .Select(address => address.Value));
    }

    private static List<string> Pages() =>
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.md"),
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories),
    ];

    private static MarkdownDocument Read(string page) => Markdown.Parse(File.ReadAllText(page), Pipeline);

    /// <summary>Links and pictures that stay inside the repository.</summary>
    private static IEnumerable<string> Links(string page) =>
        Read(page).Descendants<LinkInline>().Select(link => link.Url!)
            .Concat(Picture.Matches(File.ReadAllText(page)).Select(picture => picture.Groups["file"].Value))
            .Where(url => !url.Contains("://", StringComparison.Ordinal));

    private static HashSet<string> Headings(string page) =>
        [.. Read(page).Descendants<HeadingBlock>().Select(heading => heading.GetAttributes().Id!)];

    private static string Target(string page, string link) =>
        link.Split('#')[0] is { Length: > 0 } path ? Path.GetFullPath(path, Path.GetDirectoryName(page)!) : page;

    private static string? Anchor(string link) => link.Split('#') is [_, var anchor] ? anchor : null;

    private static string Name(string page) => Path.GetRelativePath(Repository.Root, page);

    /// <summary>Has no setting, and notes which ones of the hub's it was asked for.</summary>
    private sealed class AskedSettings : ConfigurationProvider, IConfigurationSource
    {
        public HashSet<string> Names { get; } = [];

        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

        public override bool TryGet(string key, out string? value)
        {
            if (key.StartsWith("Hub:", StringComparison.Ordinal))
                Names.Add(key);
            return base.TryGet(key, out value);
        }
    }
}
