using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.Tracking.Tests.ExperimentFiles;

/// <summary>An export in which something was changed by hand is refused in words, and leaves nothing.</summary>
public sealed class ImportAttackTests
{
    /// <summary>What is done to the entries, and a part of the refusal. RUN stands for the first run's folder.</summary>
    public static TheoryData<string, Action<Bundle>, string> Attacks() => new()
    {
        { "path upwards", b => b.Entries.Add("../../evil", "x"u8.ToArray()), "'../../evil' is in the file, but not in its manifest" },
        { "absolute path in the manifest", b => b.AddKnown("/etc/cron.d/evil", "x"u8.ToArray()),
            "'/etc/cron.d/evil' belongs to nothing in the experiment" },
        { "path upwards in the manifest", b => b.AddKnown("runs/../../../evil", "x"u8.ToArray()), "belongs to nothing" },
        { "changed weights", b => b.Entries[b.Run("checkpoints/epoch-1.safetensors")] = TinyCheckpoint.Of("weights X"), "SHA-256 differs" },
        { "changed weights in the manifest too", b => b.Replace(b.Run("checkpoints/epoch-1.safetensors"), TinyCheckpoint.Of("weights X")),
            "is not the file that its run says" },
        { "longer weights", b => b.Entries[b.Run("checkpoints/epoch-1.safetensors")] = TinyCheckpoint.Of("weights 1 and more"),
            $"has {TinyCheckpoint.Of("weights 1 and more").Length} bytes, and the manifest says {TinyCheckpoint.Of("weights 1").Length}" },
        { "pickle in place of the weights", b => b.Save("epoch-1.safetensors", "weights", [0x80, 2, .. "ccopy_reg\n_reconstructor\n"u8]),
            "is not a safetensors file" },
        { "pickle in place of the state", b => b.Save("epoch-1.state.safetensors", "state", [0x80, 2, .. "cposix\nsystem\n"u8]),
            "is not a safetensors file" },
        { "archive in place of the weights", b => b.Save("epoch-1.safetensors", "weights", [.. "PK\x03\x04"u8, .. new byte[60]]),
            "is not a safetensors file" },
        { "weights with a tail", b => b.Save("epoch-1.safetensors", "weights", [.. TinyCheckpoint.Of("weights 1"), 0x80, 2]),
            "but 11 follow the header" },
        { "weights that overlap", b => b.Save("epoch-1.safetensors", "weights", TinyCheckpoint.With(
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", [1, 2, 3])),
            "overlaps and gaps are not allowed" },
        { "weights of no known type", b => b.Save("epoch-1.safetensors", "weights", TinyCheckpoint.With(
            """{"a":{"dtype":"OBJ","shape":[2],"data_offsets":[0,2]}}""", [1, 2])), "unknown type 'OBJ'" },
        { "missing entry", b => b.Entries.Remove(b.Run("series.bin")), "is missing, though the manifest names it" },
        { "missing everywhere", b => b.Forget(b.Run("series.bin")), "series.bin is missing" },
        { "no manifest", b => b.Entries.Remove("manifest.json"), "It has no manifest.json" },
        { "manifest names twice", b => b.Manifest(m => m["entries"]!.AsArray().Add(m["entries"]![0]!.DeepClone())), "twice" },
        { "manifest names itself", b => b.Manifest(m => m["entries"]!.AsArray()
            .Add(new JsonObject { ["name"] = "manifest.json", ["size"] = 1, ["sha256"] = "" })), "twice" },
        { "another format", b => b.Manifest(m => m["format"] = "something"), "not that of an exported experiment" },
        { "newer version", b => b.Manifest(m => m["version"] = 2), "written in version 2 of the format" },
        { "manifest of another shape", b => b.Manifest(m => m["entries"] = "none"), "manifest.json cannot be read at $.entries" },
        { "manifest is no JSON", b => b.Entries["manifest.json"] = "{"u8.ToArray(), "manifest.json cannot be read" },
        { "unknown word", b => b.Facts(f => f["status"] = "exploded"), "run.json cannot be read at $.status" },
        { "number for a word", b => b.Facts(f => f["status"] = 2), "run.json cannot be read at $.status" },
        { "run that has not ended", b => b.Facts(f => f["status"] = "running"), "only runs that have ended" },
        { "paused run", b => b.Facts(f => f["status"] = "paused"), "only runs that have ended" },
        { "null for a name", b => b.Facts(f => f["name"] = null), "run.json cannot be read" },
        { "spec is missing", b => b.Facts(f => f.Remove("spec")), "run.json cannot be read" },
        { "spec's model is null", b => b.Facts(f => f["spec"]!["model"] = null), "run.json cannot be read" },
        { "unknown model", b => b.Facts(f => f["spec"]!["model"]!["kind"] = "gpt"), "its spec's model is 'gpt', which this hub does not know" },
        { "layer without a type", b => b.Facts(f => f["spec"]!["model"]!["layers"] = new JsonArray(new JsonObject())), "run.json cannot be read" },
        { "no device", b => b.Facts(f => f["spec"]!["device"] = "tpu"), "asks for the device 'tpu'" },
        { "learning rate is no number", b => b.Facts(f => f["spec"]!["optimizer"]!["learningRate"] = "NaN"), "no such number" },
        { "newer spec", b => b.Facts(f => f["spec"]!["version"] = 7), "its spec has version 7" },
        { "epoch twice", b => b.Facts(f => f["epochs"]!.AsArray().Add(f["epochs"]![0]!.DeepClone())), "its epochs are not in order" },
        { "loss is no number", b => b.Facts(f => f["epochs"]![0]!["trainLoss"] = "NaN"), "is no number" },
        { "no steps", b => b.Facts(f => f["stepsPerEpoch"] = 0), "an epoch has no steps" },
        { "best epoch is not there", b => b.Facts(f => f["bestEpoch"] = 77), "its best epoch 77" },
        { "tag longer than any", b => b.Facts(f => f["tags"]!.AsArray().Add(new JsonObject { ["name"] = new string('a', 401), ["value"] = "" })),
            "a tag that cannot be used" },
        { "a metric that is said to be two things", b => b.Facts(f => f["metrics"]!.AsArray().Add(f["metrics"]![0]!.DeepClone())),
            "says something of a metric twice" },
        { "a direction that is none", b => b.Facts(f => f["metrics"]![0]!["direction"] = "sideways"),
            "run.json cannot be read at $.metrics[0].direction" },
        { "another run's id", b => b.Facts(f => f["id"] = new string('a', 32)), "the id of another run" },
        { "checkpoint nobody sent", b => b.Facts(f => f["checkpoints"]![0]!["epoch"] = 9), "its checkpoints are not in order" },
        { "attempt's number is a path", b => b.Facts(f => f["checkpoints"]![0]!["attempt"] = "../1"),
            "run.json cannot be read at $.checkpoints[0].attempt" },
        { "run's id is a path", b => b.Json("experiment.json", e => e["runs"]![0] = "../../../../tmp/evil"), "is no id of a run" },
        { "run twice", b => b.Json("experiment.json", e => e["runs"]![1] = e["runs"]![0]!.DeepClone()), "it names a run twice" },
        { "run dropped", b => b.Json("experiment.json", e => e["runs"]!.AsArray().RemoveAt(0)), "belongs to nothing" },
        { "evaluation out of range", b => b.Json(b.Run("evaluations.json"), e => e[0]!["worst"]![0]!["index"] = 99), "do not belong together" },
        { "series cut off", b => b.Replace(b.Run("series.bin"), b.Entries[b.Run("series.bin")][..^5]), "series.bin cannot be kept" },
        { "series of nonsense", b => b.Replace(b.Run("series.bin"), [3, 0, 97, 97, 97, 255, 255, 255, 127]), "no chunk of points has" },
        { "deep JSON", b => b.Replace("experiment.json", Encoding.UTF8.GetBytes(new string('[', 100_000))), "experiment.json cannot be read" },
        { "huge JSON", b => b.Replace("experiment.json", new byte[65 << 20]), "times its size" },
        { "huge JSON that does not shrink", b => b.Replace("experiment.json", Noise(65 << 20)), "at most 16,777,216 are allowed" },
        { "bomb", b => b.Replace(b.Run("attempt-1.log"), new byte[60 << 20]), "times its size. A hub does not export that" },
        { "larger than allowed", b => b.Replace(b.Run("series.bin"), Noise(90 << 20)), "Raise Hub:MaxImportMebibytes" },
    };

    [Theory]
    [MemberData(nameof(Attacks), DisableDiscoveryEnumeration = true)]
    public async Task Import_OfAChangedExport_IsRefusedInWordsAndLeavesNothing(string what, Action<Bundle> change, string words)
    {
        var (file, run) = await Export;
        var bundle = Bundle.Of(file, run);
        change(bundle);
        await RefusedAsync(bundle.Zip(), words, what);
    }

    /// <summary>As hubs wrote it that did not keep what a metric means.</summary>
    [Fact]
    public async Task Import_OfAFileThatSaysNothingOfItsMetrics_SupposesItFromTheirNames()
    {
        var (file, run) = await Export;
        var bundle = Bundle.Of(file, run);
        bundle.Facts(facts => Assert.True(facts.Remove("metrics")));
        await using var hub = await EmptyHub.CreateAsync();

        Assert.Null((await ExportedHub.ImportAsync(hub, bundle.Zip())).Problem);

        var series = await hub.Get<MetricReader>().SummariesAsync((await hub.ReadAsync(run)).Number);
        Assert.Contains(series, one => one is { Name: "odd_error", Direction: MetricDirection.LowerIsBetter, Best: not null });
        Assert.All(series, one => Assert.Equal((one.Name, MetricMeaning.Supposed(one.Name)), (one.Name, one.Meaning)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(-1)]
    [InlineData(-22)]
    [InlineData(-500)]
    public async Task Import_OfAPart_IsRefused(int length)
    {
        var (file, _) = await Export;
        await RefusedAsync(file[..(length < 0 ? file.Length + length : length)], "not a zip file, or only a part of one", $"{length} bytes");
    }

    [Fact]
    public async Task Import_OfADoubledEntry_IsRefused()
    {
        var (file, run) = await Export;
        await RefusedAsync(Bundle.Of(file, run).Zip(zip =>
        {
            using var again = zip.CreateEntry("experiment.json").Open();
            again.Write("{}"u8);
        }), "'experiment.json' is in the file twice", "doubled");
    }

    [Fact]
    public async Task Import_OfAnEntryThatIsALink_ReadsItAsAFile()
    {
        var (file, run) = await Export;
        var zip = Bundle.Of(file, run).Zip(change: null, link: true);
        await using var hub = await EmptyHub.CreateAsync();

        Assert.Null((await ExportedHub.ImportAsync(hub, zip)).Problem);

        Assert.All(new DirectoryInfo(hub.Folder.Runs).EnumerateFiles("*", SearchOption.AllDirectories), found => Assert.Null(found.LinkTarget));
    }

    [Fact]
    public async Task Import_OfTooManyEntries_IsRefusedBeforeTheyAreRead()
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (var i = 0; i <= ExperimentFileFormat.MaxEntries; i++)
                zip.CreateEntry($"{i}", CompressionLevel.NoCompression);
        }

        await RefusedAsync(file.ToArray(), "more than 100,000 entries", "many");
    }

    [Fact]
    public async Task Import_OfAnOldSpecThatWouldBeRefusedToday_IsHistory()
    {
        var (file, run) = await Export;
        var bundle = Bundle.Of(file, run);
        // No data set of this name, more images in a batch than any has, and a rate beyond today's limit.
        bundle.Facts(f => (f["spec"]!["dataset"], f["spec"]!["batchSize"], f["spec"]!["optimizer"]!["learningRate"], f["spec"]!["gone"]) =
            ("their-own", 1_000_000, 5_000, true));
        await using var hub = await EmptyHub.CreateAsync();

        Assert.Null((await ExportedHub.ImportAsync(hub, bundle.Zip())).Problem);

        Assert.Equal(("their-own", 1_000_000, 5_000.0),
            (await hub.ReadAsync(run)) is var read ? (read.Training!.Dataset, read.Training!.BatchSize, read.Training!.LearningRate) : default);
    }

    [Fact]
    public async Task Import_BeyondTheLimit_IsNotReadToItsEnd()
    {
        await using var hub = await HubAsync();
        using var import = hub.Get<ExperimentImports>().Begin();
        var body = new MemoryStream(new byte[90 << 20]);
        Assert.False((await import.ReceiveAsync(body, CancellationToken.None)).Complete);
        Assert.InRange(body.Position, (80 << 20) + 1, (80 << 20) + (1 << 18));
    }

    [Fact]
    public async Task Import_ThatFailsWhenHalfOfItIsWritten_LeavesNothing()
    {
        var (file, _) = await Export;
        await using var hub = await EmptyHub.CreateAsync();
        using var reader = new ExperimentFileReader(new MemoryStream(file), long.MaxValue);
        var folder = Path.Combine(hub.Folder.Imports, "half");
        DataFolder.Create(folder);
        var looked = new ImportCheck(reader, folder).Run(CancellationToken.None);
        File.Delete(ImportCheck.SeriesFile(folder, looked.Runs[1]));

        await Assert.ThrowsAsync<FileNotFoundException>(() => hub.Get<ExperimentImports>()
            .WriteAsync(reader, looked, folder, CancellationToken.None));

        Directory.Delete(folder, recursive: true);
        await AssertNothingAsync(hub);
    }

    [Fact]
    public async Task Import_WhileItIsWritten_IsSeenAsAWholeOrNotAtAll()
    {
        var (file, run) = await Export;
        await using var hub = await EmptyHub.CreateAsync();
        using var import = hub.Get<ExperimentImports>().Begin();
        await import.ReceiveAsync(new MemoryStream(file), CancellationToken.None);
        var writing = import.CommitAsync(CancellationToken.None);
        while (!writing.IsCompleted)
        {
            // None of it, or all.
            if (await hub.History.FindAsync(run) is not null)
                Assert.Equal(3, (await hub.RunsAsync()).Count);
        }

        Assert.Equal(3, (await writing).Runs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(100)]
    public void EntryCount_HoweverItIsCut_CountsEachOnce(int length)
    {
        var count = new EntryCount();
        foreach (var piece in "PK\x01\x02PKPK\x01\x02..PK\x01\x03P-PK\x01\x02"u8.ToArray().Chunk(length))
            count.Add(piece);
        Assert.Equal(3, count.Count);
    }

    [Fact]
    public async Task Leftovers_OfAHubThatWasKilled_GoAtTheNextStart()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("kept", accuracies: 0.9);
        await using (var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
        {
            db.Experiments.Add(new Experiment { Name = "half", DeletedAt = Experiment.Arriving });
            await db.SaveChangesAsync();
        }

        Directory.CreateDirectory(Path.Combine(hub.Folder.Imports, "0123"));
        var store = hub.Get<ExperimentStore>();
        Assert.Null(await hub.Get<DeletedThings>().FindAsync(2));
        Assert.Contains("for good", await store.RestoreAsync(2));
        Assert.Equal(0, await store.PurgeAsync());

        await hub.Get<ExperimentImports>().RemoveLeftoversAsync();

        await using var after = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.Equal("tutorial", Assert.Single(await after.Experiments.IgnoreQueryFilters().ToListAsync()).Name);
        Assert.False(Directory.Exists(hub.Folder.Imports));
    }

    private static Lazy<Task<(byte[], RunId)>> Exported { get; } = new(async () =>
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (experiment, run) = await ExportedHub.FillAsync(hub);
        return (await ExportedHub.ExportAsync(hub, experiment.Id), run);
    });

    private static Task<(byte[] File, RunId Run)> Export => Exported.Value;

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static Task<EmptyHub> HubAsync() => EmptyHub.CreateAsync((services, _) => services.AddSingleton(new ExperimentFileOptions(80 << 20)));

    private static async Task RefusedAsync(byte[] file, string words, string what)
    {
        await using var hub = await EmptyHub.CreateAsync((services, _) => services.AddSingleton(new ExperimentFileOptions(80 << 20)));
        using (var import = hub.Get<ExperimentImports>().Begin())
        {
            var reception = await import.ReceiveAsync(new MemoryStream(file), CancellationToken.None);
            var result = reception.Complete ? await import.CommitAsync(CancellationToken.None) : new ImportResult(null,
                Problem: "Raise Hub:MaxImportMebibytes");
            Assert.True(result.Problem?.Contains(words, StringComparison.Ordinal) == true,
                $"{what}: {result.Problem ?? result.StorageProblem ?? "not refused"}");
        }

        await AssertNothingAsync(hub);
    }

    private static async Task AssertNothingAsync(EmptyHub hub)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.Empty(await db.Experiments.IgnoreQueryFilters().ToListAsync());
        Assert.Empty(await db.Runs.IgnoreQueryFilters().ToListAsync());
        Assert.Empty(await db.MetricSeries.ToListAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(hub.Folder.Imports));
        Assert.True(!Directory.Exists(hub.Folder.Runs) || !Directory.EnumerateFileSystemEntries(hub.Folder.Runs).Any());
        Assert.Empty(Directory.EnumerateFileSystemEntries(hub.Folder.Root, "evil*", SearchOption.AllDirectories));
    }

    /// <summary>The entries of an export, in hands that change them.</summary>
    public sealed class Bundle(Dictionary<string, byte[]> entries, string run)
    {
        public Dictionary<string, byte[]> Entries { get; } = entries;

        internal static Bundle Of(byte[] file, RunId run)
        {
            using var zip = new ZipArchive(new MemoryStream(file));
            return new Bundle(zip.Entries.ToDictionary(entry => entry.FullName, entry =>
            {
                using var content = new MemoryStream();
                using var stream = entry.Open();
                stream.CopyTo(content);
                return content.ToArray();
            }), run.ToString());
        }

        public string Run(string name) => $"runs/{run}/{name}";

        /// <summary>Changes an entry so that the manifest agrees.</summary>
        public void Replace(string name, byte[] content)
        {
            Entries[name] = content;
            Manifest(manifest =>
            {
                var entry = manifest["entries"]!.AsArray().Single(e => (string)e!["name"]! == name)!;
                (entry["size"], entry["sha256"]) = (content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));
            });
        }

        /// <summary>Changes a file of the first checkpoint so that the manifest and the run agree.</summary>
        public void Save(string name, string fact, byte[] content)
        {
            Replace(Run($"checkpoints/{name}"), content);
            Facts(f => f["checkpoints"]![0]![fact] =
                new JsonObject { ["size"] = content.Length, ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content)) });
        }

        public void AddKnown(string name, byte[] content)
        {
            Entries[name] = content;
            Manifest(manifest => manifest["entries"]!.AsArray()
                .Add(new JsonObject { ["name"] = name, ["size"] = content.Length, ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content)) }));
        }

        public void Forget(string name)
        {
            Entries.Remove(name);
            Manifest(manifest => manifest["entries"]!.AsArray().RemoveAll(entry => (string)entry!["name"]! == name));
        }

        public void Json(string name, Action<JsonNode> change)
        {
            var json = JsonNode.Parse(Entries[name])!;
            change(json);
            Replace(name, Encoding.UTF8.GetBytes(json.ToJsonString()));
        }

        public void Facts(Action<JsonObject> change) => Json(Run("run.json"), json => change(json.AsObject()));

        public void Manifest(Action<JsonObject> change)
        {
            var json = JsonNode.Parse(Entries["manifest.json"])!.AsObject();
            change(json);
            Entries["manifest.json"] = Encoding.UTF8.GetBytes(json.ToJsonString());
        }

        internal byte[] Zip(Action<ZipArchive>? change = null, bool link = false)
        {
            using var file = new MemoryStream();
            using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
            {
                foreach (var (name, content) in Entries)
                {
                    var entry = zip.CreateEntry(name, CompressionLevel.Fastest);
                    // A symbolic link, as Unix tools write it.
                    if (link && name.EndsWith(".safetensors", StringComparison.Ordinal))
                        entry.ExternalAttributes = unchecked((int)0xA1FF0000);
                    using var stream = entry.Open();
                    stream.Write(content);
                }

                change?.Invoke(zip);
            }

            return file.ToArray();
        }
    }
}
