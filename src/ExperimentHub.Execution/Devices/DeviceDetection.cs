using System.ComponentModel;
using System.Text.Json;
using ExperimentHub.Execution.Trainers;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Devices;

/// <summary>
/// Asks a trainer process what it can train on. The hub never loads torch, so a broken native library costs a sentence, not the hub.
/// </summary>
internal sealed class DeviceDetection(TrainerProgram program, ILogger<DeviceDetection> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public async Task<SelfTestReport> DetectAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            using var trainer = TrainerProcess.Start(program, ["--selftest", "--json"]);
            await using var unwanted = limit.Token.Register(trainer.Kill);
            trainer.CloseInput();
            string? last = null;
            while (await trainer.Lines.ReadAsync(limit.Token) is { } line)
                last = line.Text;
            limit.Token.ThrowIfCancellationRequested();
            var report = ProtocolJson.Read<SelfTestReport>(last ?? "null");
            logger.LogInformation("torch {Version} ({Backend}): {Devices}", report.TorchVersion, report.Backend,
                string.Join(", ", report.Devices.Select(d => $"{d.TorchName} {d.Name}")));
            foreach (var trial in report.Failed)
                logger.LogWarning("Self-test: {Device} ({Name}) cannot train: {Problem} {Remedy}", trial.Device.TorchName, trial.Device.Name,
                    trial.Problem, trial.Remedy);
            if (report.Problem is { } problem)
                logger.LogWarning("Self-test: {Problem} {Remedy}", problem, report.Remedy);
            return report;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Broken($"The trainer's self-test did not end within {Limit.TotalMinutes:0} minutes.");
        }
        catch (Exception e) when (e is JsonException or Win32Exception or IOException or TrainerMissingException)
        {
            logger.LogError(e, "The trainer's self-test failed");
            return Broken(e is TrainerMissingException ? e.Message : $"The trainer's self-test gave no report ({e.Message}).");
        }
    }

    private static SelfTestReport Broken(string problem) =>
        new(false, null, "none", [], 0, null, problem, "Run the trainer with --selftest in a terminal to see the whole story.");
}
