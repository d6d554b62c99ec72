using System.Reflection;
using System.Xml.Linq;
using ExperimentHub.TestHub;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Tests;

/// <summary>Holds the dependency table of docs/decisions/0001-rooms.md: what a room may name is what its project file says, and no more.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, (string[] Projects, string[] Packages)> Rooms = new()
    {
        ["src/ExperimentHub.Protocol"] = ([], []),
        ["src/ExperimentHub.Tracking"] = (["ExperimentHub.Protocol"], ["MathNet.Numerics", "Microsoft.EntityFrameworkCore.Relational"]),
        ["src/ExperimentHub.Execution"] = (["ExperimentHub.Protocol", "ExperimentHub.Tracking"], ["Quartz"]),
        ["src/ExperimentHub.Trainer"] =
            (["ExperimentHub.Protocol"], ["TorchSharp", "TorchSharp-cuda-linux", "libtorch-cpu-linux-x64", "SkiaSharp", "SharpZipLib"]),
        ["migrations/ExperimentHub.Migrations.Sqlite"] =
            (["ExperimentHub.Protocol", "ExperimentHub.Tracking"], ["Microsoft.EntityFrameworkCore.Sqlite", "Microsoft.EntityFrameworkCore.Design"]),
        ["src/ExperimentHub.Web"] = (
            ["ExperimentHub.Protocol", "ExperimentHub.Tracking", "ExperimentHub.Execution", "ExperimentHub.Migrations.Sqlite",
                "ExperimentHub.Trainer"],
            [
                "MudBlazor", "Markdig", "Vizor.ECharts", "Microsoft.AspNetCore.OpenApi", "OpenTelemetry.Extensions.Hosting",
                "OpenTelemetry.Exporter.OpenTelemetryProtocol",
                "OpenTelemetry.Exporter.Prometheus.AspNetCore", "OpenTelemetry.Instrumentation.AspNetCore",
            ]),
    };

    [Fact]
    public void Rooms_OnDisk_AreThoseOfTheTable()
    {
        var found = new[] { "src", "migrations" }.SelectMany(folder => Directory.GetDirectories(Path.Combine(Repository.Root, folder)))
            .Select(folder => Path.GetRelativePath(Repository.Root, folder));
        Assert.Equal(Rooms.Keys.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void References_OfEachRoom_AreThoseOfTheTable()
    {
        foreach (var (room, (projects, packages)) in Rooms)
        {
            var references = References(room).ToList();
            Assert.Equal(projects.Order(StringComparer.Ordinal),
                references.Where(r => r.Name.LocalName == "ProjectReference")
                    .Select(r => Path.GetFileNameWithoutExtension(Include(r).Replace('\\', '/'))).Order(StringComparer.Ordinal));
            Assert.Equal(packages.Order(StringComparer.Ordinal),
                references.Where(r => r.Name.LocalName == "PackageReference").Select(Include).Distinct().Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("src/ExperimentHub.Execution", "Quartz")]
    [InlineData("migrations/ExperimentHub.Migrations.Sqlite", "Microsoft.EntityFrameworkCore.Sqlite")]
    public void Package_OfOneRoom_CannotBeCompiledAgainstElsewhere(string room, string package) =>
        Assert.Equal("compile", References(room).Single(r => Include(r) == package).Attribute("PrivateAssets")?.Value);

    [Fact]
    public void Trainer_InTheHub_IsBuiltButNeverLoaded()
    {
        var trainer = References("src/ExperimentHub.Web").Single(r => Include(r).Contains("ExperimentHub.Trainer", StringComparison.Ordinal));
        Assert.Equal(("false", "false"), (trainer.Attribute("ReferenceOutputAssembly")?.Value, trainer.Attribute("Private")?.Value));
        Assert.DoesNotContain(typeof(Program).Assembly.GetReferencedAssemblies(), assembly => assembly.Name is "TorchSharp" or "Quartz"
            or "Microsoft.Data.Sqlite");
    }

    /// <summary>
    /// A component that appears while the framework tells everybody of a new address would join those that are being told, and the page ends with an
    /// error (.NET 10). Pages are there before, and hand on what they were told.
    /// </summary>
    [Fact]
    public void Query_OfTheAddress_IsTakenByPagesAlone()
    {
        var takers = typeof(Program).Assembly.GetTypes()
            .Where(type => type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Any(property => property.IsDefined(typeof(SupplyParameterFromQueryAttribute)))).ToList();
        Assert.Contains(takers, type => type.Name == "RunPage");
        Assert.Empty(takers.Where(type => !type.IsDefined(typeof(RouteAttribute))).Select(type => type.Name));
    }

    [Fact]
    public void Execution_ToTheOutside_ShowsOnlyItsSetup() => Assert.Equal(
        ["ExecutionOptions", "ExecutionSetup"],
        typeof(ExperimentHub.Execution.ExecutionSetup).Assembly.GetExportedTypes().Select(type => type.Name).Order(StringComparer.Ordinal));

    /// <summary>What .editorconfig says and no tool holds. A text that would be harder to read or to find in pieces may be longer.</summary>
    [Fact]
    public void Line_OfCode_EndsAt150UnlessItHoldsAText()
    {
        const int Most = 150;
        var files = new[] { "src", "tests" }.SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories));
        var longer = files.SelectMany(file => File.ReadLines(file).Select((line, i) => (File: file, Line: line, Number: i + 1)))
            .Where(one => one.Line.Length > Most && !one.Line.Contains('"', StringComparison.Ordinal));
        Assert.Empty(longer.Select(one => $"{Path.GetRelativePath(Repository.Root, one.File)}:{one.Number}"));
    }

    private static IEnumerable<XElement> References(string room)
    {
        var folder = Path.Combine(Repository.Root, room);
        // A room may spread its project over imported files of its own.
        return Directory.EnumerateFiles(folder, "*.*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".csproj" or ".props" or ".targets")
            .SelectMany(file => XDocument.Load(file).Descendants().Where(e => e.Name.LocalName is "ProjectReference" or "PackageReference"))
            .Where(e => e.Attribute("Include") is not null);
    }

    private static string Include(XElement reference) => reference.Attribute("Include")!.Value;
}
