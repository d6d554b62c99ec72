using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Trainer.Models;

namespace ExperimentHub.Trainer.Tests.Gpu;

/// <summary>
/// A case as tests/gpu/programs has it: the program in each style, how to begin, and what it gives. tests/gpu/stages/torchscript.py reads it.
/// </summary>
internal static class ProofFile
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="run">On the CPU in the CPU's style; its losses and sums are the ones expected.</param>
    public static JsonObject Write(ProofCase proof, ProgramRun run)
    {
        var gpu = ProgramStyle.For(TorchSharp.DeviceType.CUDA, proof.Spec, ProofCase.Count * proof.Size * proof.Size);
        var styles = new JsonObject { ["cpu"] = Style(proof, ProgramStyle.Cpu), ["gpu"] = Style(proof, gpu) };
        if (run.Text.Contains("conv2d", StringComparison.Ordinal))
            styles["gpu, channels last"] = Style(proof, gpu with { ChannelsLast = true });
        return new JsonObject
        {
            ["spec"] = JsonNode.Parse(ProtocolJson.Write(proof.Spec)),
            ["size"] = proof.Size,
            ["classes"] = proof.Classes,
            ["count"] = ProofCase.Count,
            ["random"] = proof.DrawsRandomNumbers,
            ["parameters"] = Tensors(run.Parameters),
            ["buffers"] = Tensors(run.Buffers),
            ["rates"] = Row(ProgramRun.Rates(proof)),
            ["seeds"] = Row(ProgramRun.Seeds(proof)),
            ["styles"] = styles,
            ["losses"] = Row(run.Losses),
            ["correct"] = run.Correct,
            ["sums"] = new JsonObject(run.Sums.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)Row(entry.Value)))),
        };
    }

    public static string Text(JsonObject file) => file.ToJsonString(Options) + "\n";

    private static JsonObject Style(ProofCase proof, ProgramStyle style) => new()
    {
        ["images"] = style.Images?.ToString().ToLowerInvariant() ?? "uint8",
        ["program"] = new JsonArray([.. StepProgram.Write(proof.Spec, ModelOutline.Of(proof.Spec.Model, proof.Shape), style).TrimEnd('\n').Split('\n')
            .Select(line => (JsonNode?)line)]),
    };

    private static JsonArray Tensors(IEnumerable<(string Name, long[] Shape, string Initial)> tensors) =>
        new([.. tensors.Select(tensor => (JsonNode?)new JsonObject { ["name"] = tensor.Name, ["shape"] = Row(tensor.Shape),
            ["initial"] = tensor.Initial })]);

    // A list of numbers as one text: a line for each number would hide the program.
    private static string Row<T>(IEnumerable<T> numbers) where T : IFormattable =>
        string.Join(' ', numbers.Select(number => number.ToString(null, CultureInfo.InvariantCulture)));
}
