using System.Text.Json.Nodes;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Tracking.Runs;
using Bundle = ExperimentHub.Tracking.Tests.ExperimentFiles.ImportAttackTests.Bundle;

namespace ExperimentHub.Tracking.Tests.ExperimentFiles;

/// <summary>An import at its limits is taken in, and one that is beyond them is refused in words.</summary>
public sealed class ImportLimitsTests
{
    public static TheoryData<string, Action<Bundle>, string> Beyond() => new()
    {
        { "a list of many", b => b.Facts(f => f["epochEnds"] = new JsonArray([.. Enumerable.Range(1, 300_000).Select(i => (JsonNode)i)])),
            "more epochs, checkpoints or attempts" },
        { "attempts", b => Attempts(b, Limits.AttemptsOfARun + 1), "more epochs, checkpoints or attempts" },
        { "tags",
            b => b.Facts(f => f["tags"] = new JsonArray(
                [.. Enumerable.Range(0, 300_000).Select(i => new JsonObject { ["name"] = $"t{i}", ["value"] = "" })])), "too many tags" },
        { "evaluations", b => b.Json(b.Run("evaluations.json"), e => Enumerable.Range(0, Limits.EvaluationsOfARun).ToList()
            .ForEach(_ => e.AsArray().Add(e[0]!.DeepClone()))), "at most 2 evaluations" },
        { "metrics", b => b.Replace(b.Run("series.bin"), EmptySeries(Limits.MetricsOfARun + 1)), "more than 1,000 metrics" },
        { "an error of megabytes", b => b.Facts(f => f["error"] = new string('x', Limits.FactsOfAFile)), "at most 16,777,216 are allowed" },
        { "epochs of the spec", b => b.Facts(f => f["spec"]!["epochs"] = int.MaxValue), "more epochs, layers or letters" },
        { "a data set's key", b => b.Facts(f => f["spec"]!["dataset"] = new string('x', Limits.DatasetName + 1)), "more epochs, layers or letters" },
        { "a machine's name", b => b.Facts(f => f["environment"] = Machine(Limits.MachineWord + 1)), "what it says of its machine is too long" },
        { "an empty entry", b => b.Facts(f => f["tags"]!.AsArray().Add(null)), "an empty entry at tags[" },
        { "an empty layer", b => b.Facts(f => f["spec"]!["model"]!["layers"] = new JsonArray(null, null)), "an empty entry at spec.model.layers[0]" },
        { "an empty evaluation", b => b.Json(b.Run("evaluations.json"), e => e.AsArray().Add(null)), "an empty entry at [" },
        { "year 1", b => b.Facts(f => f["createdAt"] = "0001-01-01T00:00:00Z"), "a time that no clock shows" },
        { "the end of time", b => b.Facts(f => f["endedAt"] = "9999-12-31T23:59:59.9999999Z"), "a time that no clock shows" },
        { "an attempt before there were clocks", b => b.Facts(f => f["attempts"]![0]!["startedAt"] = "1969-12-31T23:59:59Z"),
            "a time that no clock shows" },
    };

    [Theory]
    [MemberData(nameof(Beyond), DisableDiscoveryEnumeration = true)]
    public async Task Import_BeyondALimit_IsRefusedInWords(string what, Action<Bundle> change, string words)
    {
        await using var source = await EmptyHub.CreateAsync();
        var (experiment, run) = await ExportedHub.FillAsync(source);
        var bundle = Bundle.Of(await ExportedHub.ExportAsync(source, experiment.Id), run);
        change(bundle);
        await using var target = await EmptyHub.CreateAsync();
        var result = await ExportedHub.ImportAsync(target, bundle.Zip());
        Assert.True(result.Problem?.Contains(words, StringComparison.Ordinal) == true, $"{what}: {result.Problem}");
    }

    [Fact]
    public async Task Import_AtItsLimits_IsTakenInWithItsLongTextsCut()
    {
        await using var source = await EmptyHub.CreateAsync();
        var (experiment, run) = await ExportedHub.FillAsync(source);
        var bundle = Bundle.Of(await ExportedHub.ExportAsync(source, experiment.Id), run);
        Attempts(bundle, Limits.AttemptsOfARun);
        bundle.Replace(bundle.Run("series.bin"), EmptySeries(Limits.MetricsOfARun));
        bundle.Facts(facts =>
        {
            facts["error"] = new string('x', 1 << 20);
            facts["environment"] = Machine(Limits.MachineWord);
            facts["createdAt"] = Limits.Earliest;
            facts["endedAt"] = Limits.Latest;
            facts["attempts"]![0]!["error"] = new string('y', 1 << 20);
        });
        await using var target = await EmptyHub.CreateAsync();
        Assert.Null((await ExportedHub.ImportAsync(target, bundle.Zip())).Problem);
        var details = await target.Get<RunHistory>().FindAsync(run);
        Assert.Equal(Limits.Explanation, details!.Run.Error!.Length);
        Assert.EndsWith("(cut: 1,048,576 characters in all)", details.Run.Error, StringComparison.Ordinal);
        Assert.Equal((Limits.AttemptsOfARun, Limits.Explanation),
            (details.Run.Training!.Attempts.Count, details.Run.Training!.Attempts[0].Error!.Length));
    }

    private static void Attempts(Bundle bundle, int count) => bundle.Facts(facts =>
    {
        var one = facts["attempts"]![0]!;
        one["hasLog"] = false;
        bundle.Forget(bundle.Run("attempt-1.log"));
        facts["attempts"] = new JsonArray([.. Enumerable.Range(1, count).Select(number =>
        {
            var attempt = one.DeepClone();
            attempt["number"] = number;
            return attempt;
        })]);
    });

    private static JsonObject Machine(int length) => new()
    {
        ["machine"] = new string('m', length), ["operatingSystem"] = "", ["architecture"] = "", ["runtime"] = "", ["cpu"] = null, ["cores"] = null,
        ["processors"] = 1, ["memory"] = null, ["nvidiaDriver"] = null,
    };

    /// <summary>Series with names and no points.</summary>
    private static byte[] EmptySeries(int count) =>
        [.. Enumerable.Range(0, count).SelectMany(i => SeriesEntry.Begin($"m{i}").Concat(SeriesEntry.Chunk([])))];
}
