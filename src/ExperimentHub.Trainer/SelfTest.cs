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

/// <summary>
/// Answers whether this machine can train, and on what, by training a step on every device, and on a GPU one with convolutions as well.
/// </summary>
internal static class SelfTest
{
    private const int BatchSize = 32;

    /// <param name="only">Torch name of the one device to try, in this process; null tries all.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static int Run(string? externalLibTorch, bool asJson, string? only = null)
    {
        // Native libraries may print; what was asked for must be alone on standard output.
        using var output = new StreamWriter(LibC.TakeStandardOutput());
        var report = Examine(externalLibTorch, only);
        output.Write(asJson ? ProtocolJson.Write(report) + "\n" : Describe(report));
        return report.Works ? ExitCode.Done : ExitCode.Failed;
    }

    internal static SelfTestReport Examine(string? externalLibTorch, string? only = null)
    {
        var report = new SelfTestReport(false, null, "none", [], 0, null, null, null) { BuiltFor = BuildFacts.Backend };
        try
        {
            report = report with
            {
                Backend = LibTorch.Load(externalLibTorch),
                TorchVersion = LibTorch.Version,
                Threads = get_num_threads(),
                Patched = BuildFacts.IsPatched
            };
            var devices = DeviceNames.All();
            report = report with { PciAddresses = DeviceNames.PciAddresses(devices) };
            if (only is not null)
                return Conclude(report, [TryHere(DeviceNames.Find(only))], null);
            var gpus = devices.Where(device => device.Kind == DeviceRequest.Cuda).ToList();
            var trials = devices.Except(gpus).Select(TryHere).Concat(GpuTrials.TryAll(gpus, GpuTrials.OfThisProgram, GpuTrials.Limit)).ToList();
            return Conclude(report, trials, gpus.Count > 0 || !LibTorch.HasCuda ? null
                : NoGpuWords.Explain(CudaDriver.Ask(), LibTorch.CudaVersion()));
        }
        catch (Exception failure)
        {
            var known = Failures.Explain(failure);
            // The driver is no part of torch: which GPU is which it says also where torch does not load.
            return report with { Problem = known.Message, Remedy = known.Remedy, PciAddresses = report.PciAddresses ?? DeviceNames.PciAddresses() };
        }
    }

    /// <summary>What the trials come to. A device that fails hides no other.</summary>
    /// <param name="noGpu">Why a trainer with CUDA finds no GPU; null where it finds one or has no CUDA.</param>
    internal static SelfTestReport Conclude(SelfTestReport report, IReadOnlyList<DeviceTrial> trials, (string Problem, string Remedy)? noGpu)
    {
        var passed = trials.Where(trial => trial.Problem is null).ToList();
        var failed = trials.FirstOrDefault(trial => trial.Problem is not null);
        return report with
        {
            Works = passed.Count > 0,
            Trials = trials,
            Devices = [.. passed.Select(trial => trial.Device)],
            StepLoss = passed.LastOrDefault()?.StepLoss,
            Problem = passed.Count == 0 ? failed?.Problem : noGpu?.Problem,
            Remedy = passed.Count == 0 ? failed?.Remedy : noGpu?.Remedy,
        };
    }

    private static DeviceTrial TryHere(DeviceInfo device)
    {
        var trial = new DeviceTrial(device, null, Capability: DeviceNames.CapabilityOf(device));
        try
        {
            double[] losses = [.. StepsFor(device.Kind).Select(spec => TrainOneStep(device, spec))];
            return losses.All(double.IsFinite) ? trial with { StepLoss = losses[0] } : trial
                with
            { Problem = "The loss of one training step is not a finite number.", Remedy = "Choose another device." };
        }
        catch (Exception failure)
        {
            var known = Failures.Explain(failure);
            // torch's words end without a full stop, and the remedy follows them.
            return trial with { Problem = known.Message.EndsWith('.') ? known.Message : $"{known.Message}.", Remedy = known.Remedy };
        }
    }

    /// <summary>
    /// What a device is tried with: the tutorial's network, and where convolutions are another library's (cuDNN, which loads more of its own at its
    /// first) a network with some.
    /// </summary>
    internal static IReadOnlyList<TrainingSpec> StepsFor(string kind) =>
        kind == DeviceRequest.Cuda ? [new TrainingSpec(),
            new TrainingSpec { Model = new ModelSpec { Kind = ModelCatalog.SmallCnn } }] : [new TrainingSpec()];

    internal static double TrainOneStep(DeviceInfo device, TrainingSpec spec)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1).Dispose();
        var shape = DatasetCatalog.Mnist.Shape;
        var outline = ModelOutline.Of(spec.Model, shape);
        using var network = NetworkBuilder.Build(outline);
        network.to(device.TorchName);
        using var step = new TrainingStep(spec, outline, network);
        var pixels = new byte[BatchSize * shape.Height * shape.Width];
        new Random(1).NextBytes(pixels);
        var labels = Enumerable.Range(0, BatchSize).Select(image => (byte)(image % shape.Classes)).ToArray();
        using var images = DeviceImages.MoveTo(new Device(device.TorchName),
            new LabelledImages(new IdxImages(pixels, BatchSize, shape.Height, shape.Width), labels));
        using var batches = new EpochBatches(images, [.. Enumerable.Range(0, BatchSize).Select(image => (long)image)], 1, BatchSize);
        step.TakeBlock(batches, 0, 1);
        return step.ReadBack().Losses[0];
    }

    internal static string Describe(SelfTestReport report)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine(report.Works ? "This machine can train." : "This machine cannot train.");
        text.WriteLine($"  torch:    {report.TorchVersion ?? "not loaded"}");
        text.WriteLine($"  backend:  {report.Backend} (built for {report.BuiltFor})");
        foreach (var trial in report.Trials)
        {
            text.WriteLine(
                $"  device:   {trial.Device.TorchName}, {trial.Device.Name}{(trial.Capability is { } can ? $" (compute capability {can})" : "")}");
            text.WriteLine($"            {(trial.StepLoss is { } loss ? $"one step: loss {loss:F4}" : $"{trial.Problem} {trial.Remedy}".TrimEnd())}");
        }

        text.WriteLine($"  threads:  {report.Threads}");
        if (report.Problem is not null)
            text.WriteLine($"  problem:  {report.Problem}");
        if (report.Remedy is not null)
            text.WriteLine($"  remedy:   {report.Remedy}");
        return text.ToString();
    }
}
