using System.Text.RegularExpressions;

namespace ExperimentHub.Tracking.Tests;

/// <summary>Holds the table of docs/decisions/0037-walls-within-tracking.md, as ArchitectureTests holds that of the rooms.</summary>
public sealed partial class WallsTests
{
    private const string Root = "ExperimentHub.Tracking";

    /// <summary>Each row knows itself and those before it. What lies in no folder puts the room together and may know all.</summary>
    private static readonly string[][] Rows =
    [
        ["Moves", "Names", "Queries"],
        [
            "Artifacts", "Checkpoints", "Datasets", "Deletions", "Devices", "Evaluations", "Experiments", "Metrics", "Nodes", "Parameters", "Runs",
            "Schedules", "Storage",
            "Telemetry", "Trainings",
        ],
        ["Comparisons"],
        ["Search"],
        ["Studies", "Views"],
        ["ExperimentFiles"],
    ];

    private static string Room => Path.Combine(Repository.Root, "src", Root);

    [Fact]
    public void Folders_OfTracking_AreThoseOfTheTable() => Assert.Equal(
        Rows.SelectMany(row => row).Order(StringComparer.Ordinal),
        Directory.GetDirectories(Room).Select(folder => Path.GetFileName(folder)).Where(name => name is not ("bin" or "obj"))
            .Order(StringComparer.Ordinal));

    [Fact]
    public void Namespace_OfEachFile_IsItsFolder()
    {
        foreach (var (folder, file, text) in Files())
            Assert.True(text.Contains($"namespace {Root}.{folder};", StringComparison.Ordinal), $"{file} is in another namespace.");
    }

    [Fact]
    public void Folder_OfARow_KnowsNoneOfALaterRow()
    {
        var wrong = new List<string>();
        foreach (var (folder, file, text) in Files())
        {
            var later = Rows.SkipWhile(row => !row.Contains(folder)).Skip(1).SelectMany(row => row).ToHashSet();
            wrong.AddRange(Known().Matches(Plain(text)).Select(match => match.Groups["name"].Value).Where(later.Contains)
                .Select(name => $"{folder}/{file} knows {name}"));
        }

        Assert.Empty(wrong);
    }

    private static IEnumerable<(string Folder, string File, string Text)> Files() => Rows.SelectMany(row => row).SelectMany(folder =>
        Directory.EnumerateFiles(Path.Combine(Room, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => (folder, Path.GetFileName(file), File.ReadAllText(file))));

    /// <summary>Without comments, which may point anywhere.</summary>
    private static string Plain(string text) => Comment().Replace(text, "");

    [GeneratedRegex(@"//.*")]
    private static partial Regex Comment();

    /// <summary>A using, or a name that begins with a folder as one in a neighbouring namespace may be written.</summary>
    [GeneratedRegex(@"using ExperimentHub\.Tracking\.(?<name>\w+);|(?<![\w.])(?:ExperimentHub\.Tracking\.|Tracking\.)?(?<name>[A-Z]\w+)\.[A-Z]\w+(?=[ <>(),\[\]?;])")]
    private static partial Regex Known();
}
