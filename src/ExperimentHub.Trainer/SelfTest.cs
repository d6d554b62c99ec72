using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Devices;
using ExperimentHub.Trainer.Models;
using ExperimentHub.Trainer.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer;

/// <summary>Answers whether this machine can train, and on what, by training one step on every device.</summary>
internal static class SelfTest
{
    private const int BatchSize = 32;

    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string? externalLibTorch, bool asJson)
    {
        // Native libraries may print; what was asked for must be alone on standard output.
        using var output = new StreamWriter(LibC.TakeStandardOutput());
        var report = Examine(externalLibTorch);
        output.Write(asJson ? ProtocolJson.Write(report) + "\n" : Describe(report));
        return report.Works ? ExitCode.Done : ExitCode.Failed;
    }

    internal static SelfTestReport Examine(string? externalLibTorch)
    {
        var report = new SelfTestReport(false, null, "none", [], 0, null, null, null);
        try
        {
            report = report with { Backend = LibTorch.Load(externalLibTorch), TorchVersion = __version__, Threads = get_num_threads() };
            report = report with { Devices = DeviceNames.All(), Patched = LibTorch.IsPatched() };
            report = report with { PciAddresses = DeviceNames.PciAddresses(report.Devices) };
            foreach (var device in report.Devices)
                report = report with { StepLoss = TrainOneStep(device) };
            return double.IsFinite(report.StepLoss!.Value) ? report with { Works = true } : report with { Problem = "The loss of one training step is not a finite number." };
        }
        catch (Exception failure)
        {
            var known = Failures.Explain(failure);
            return report with { Problem = known.Message, Remedy = known.Remedy };
        }
    }

    private static double TrainOneStep(DeviceInfo device)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1).Dispose();
        var (spec, shape) = (new TrainingSpec(), DatasetCatalog.Mnist.Shape);
        var outline = ModelOutline.Of(spec.Model, shape);
        using var network = NetworkBuilder.Build(outline);
        network.to(device.TorchName);
        using var step = new TrainingStep(spec, outline, network);
        var pixels = new byte[BatchSize * shape.Height * shape.Width];
        new Random(1).NextBytes(pixels);
        var labels = Enumerable.Range(0, BatchSize).Select(image => (byte)(image % shape.Classes)).ToArray();
        using var images = DeviceImages.MoveTo(new Device(device.TorchName), new LabelledImages(new IdxImages(pixels, BatchSize, shape.Height, shape.Width), labels));
        using var batches = new EpochBatches(images, [.. Enumerable.Range(0, BatchSize).Select(image => (long)image)], 1, BatchSize);
        step.TakeBlock(batches, 0, 1);
        return step.ReadBack().Losses[0];
    }

    private static string Describe(SelfTestReport report)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine(report.Works ? "This machine can train." : "This machine cannot train.");
        text.WriteLine($"  torch:    {report.TorchVersion ?? "not loaded"}");
        text.WriteLine($"  backend:  {report.Backend}");
        foreach (var device in report.Devices)
            text.WriteLine($"  device:   {device.TorchName}, {device.Name}");
        text.WriteLine($"  threads:  {report.Threads}");
        if (report.StepLoss is { } loss)
            text.WriteLine($"  one step: loss {loss:F4}");
        if (report.Problem is not null)
            text.WriteLine($"  problem:  {report.Problem}");
        if (report.Remedy is not null)
            text.WriteLine($"  remedy:   {report.Remedy}");
        return text.ToString();
    }
}
