using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using ExperimentHub.Trainer.Models;
using TorchSharp;

namespace ExperimentHub.Trainer.Tests.Gpu;

/// <summary>
/// The programs that tests/gpu takes to a GPU, and that the style for a GPU computes what the CPU's does. With EXPERIMENTHUB_WRITE_PROGRAMS=1 they
/// are written anew, after a change of the programs that is meant.
/// </summary>
[Collection(nameof(Torch))]
public sealed class ProofProgramTests
{
    public static TheoryData<string> Names() => [.. ProofCase.All.Select(proof => proof.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void File_OfEachCase_IsWhatTheTrainerWritesToday(string name)
    {
        var proof = Find(name);
        var today = ProofFile.Write(proof, new ProgramRun(proof, ProgramStyle.Cpu));
        if (Environment.GetEnvironmentVariable("EXPERIMENTHUB_WRITE_PROGRAMS") is "1")
            File.WriteAllText(Path.Combine(SourceFolder(), $"{name}.json"), ProofFile.Text(today));

        var kept = JsonNode.Parse(File.ReadAllText(Path.Combine(SourceFolder(), $"{name}.json")))!.AsObject();

        // Numbers depend on the processor in their last digits, and are compared by the test that trains.
        foreach (var numbers in new[] { "losses", "sums", "correct" })
        {
            today.Remove(numbers);
            kept.Remove(numbers);
        }

        Assert.Equal(ProofFile.Text(today), ProofFile.Text(kept));
    }

    [Fact]
    public void Files_OfNoCase_AreNotThere() =>
        Assert.Equal(ProofCase.All.Select(proof => proof.Name).Order(StringComparer.Ordinal), Directory.EnumerateFiles(SourceFolder())
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void Program_InEveryStyle_GivesTheKeptNumbers(string name)
    {
        var proof = Find(name);
        var kept = JsonNode.Parse(File.ReadAllText(Path.Combine(SourceFolder(), $"{name}.json")))!;
        double[] expected = [.. kept["losses"]!.GetValue<string>().Split(' ')
            .Select(number => double.Parse(number, System.Globalization.CultureInfo.InvariantCulture))];
        var gpu = ProgramStyle.For(DeviceType.CUDA, proof.Spec, ProofCase.Count * proof.Size * proof.Size);

        // bfloat16 has 8 bits: sums in another order differ in them.
        var tolerance = proof.Spec.Precision == Protocol.Precisions.Bf16 ? 0.03 : 1e-5;
        foreach (var style in new[] { ProgramStyle.Cpu, gpu, gpu with { ChannelsLast = true }, gpu with { Images = null },
            ProgramStyle.Cpu with { Images = gpu.Images } })
        {
            var run = new ProgramRun(proof, style);
            Assert.Equal(expected.Length, run.Losses.Count);
            for (var step = 0; step < expected.Length; step++)
                Assert.True(Math.Abs(run.Losses[step] - expected[step]) <= tolerance * expected[step],
                    $"{style}: loss of step {step + 1} is {run.Losses[step]:R} instead of {expected[step]:R}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Program_ImagesKeptAsNumbersAndCutAnywhere_GivesTheSameBits(string name)
    {
        var proof = Find(name);
        var gpu = ProgramStyle.For(DeviceType.CUDA, proof.Spec, ProofCase.Count * proof.Size * proof.Size);
        var whole = new ProgramRun(proof, gpu);

        foreach (var other in new[] { new ProgramRun(proof, gpu with { Images = null }), new ProgramRun(proof, gpu, block: 1),
            new ProgramRun(proof, gpu, block: 2) })
        {
            Assert.Equal(whole.Losses, other.Losses);
            Assert.Equal(whole.Correct, other.Correct);
            Assert.Equal(whole.Sums, other.Sums);
        }
    }

    [Fact]
    public void Style_OfADataSetTooLargeForNumbers_KeepsBytes()
    {
        Assert.NotNull(ProgramStyle.For(DeviceType.CUDA, new(), 60_000 * 784).Images);
        Assert.Null(ProgramStyle.For(DeviceType.CUDA, new(), 1L << 30).Images);
        Assert.Null(ProgramStyle.For(DeviceType.CUDA, new() { Augmentation = new() { ShiftPixels = 1 } }, 784).Images);
        Assert.Equal(ProgramStyle.Cpu, ProgramStyle.For(DeviceType.CPU, new(), 784));
    }

    private static ProofCase Find(string name) => ProofCase.All.Single(proof => proof.Name == name);

    private static string SourceFolder([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "gpu", "programs"));
}
