using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Devices;

/// <summary>
/// Tries each GPU in a process of its own, all at once. After an error of CUDA a process can use no GPU any more, a driver in trouble may end it or
/// never answer, and one that others use alone takes no second process: none of this may hide the other GPUs.
/// </summary>
internal static class GpuTrials
{
    /// <summary>How long a GPU may take; loading CUDA and the first step take a few seconds.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <param name="start">Starts the self-test of one device, which writes its report to standard output.</param>
    public static IReadOnlyList<DeviceTrial> TryAll(IReadOnlyList<DeviceInfo> gpus, Func<DeviceInfo, ProcessStartInfo> start, TimeSpan limit) =>
        Task.WhenAll(gpus.Select(gpu => TryAsync(gpu, start(gpu), limit))).GetAwaiter().GetResult();

    /// <summary>This very program, asked for one device alone.</summary>
    public static ProcessStartInfo OfThisProgram(DeviceInfo gpu)
    {
        var program = Environment.ProcessPath!;
        // Started by dotnet, the program is its first argument.
        string[] itself = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(GpuTrials).Assembly.Location] : [];
        return new ProcessStartInfo(program, [.. itself, "--selftest", "--json", "--device", gpu.TorchName]);
    }

    private static async Task<DeviceTrial> TryAsync(DeviceInfo gpu, ProcessStartInfo start, TimeSpan patience)
    {
        // Its log goes where ours goes.
        start.RedirectStandardOutput = true;
        start.UseShellExecute = false;
        using var limit = new CancellationTokenSource(patience);
        try
        {
            using var process = Process.Start(start)!;
            await using var unwanted = limit.Token.Register(() => Kill(process));
            var said = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            if (said.Length == 0)
                return Failed(gpu, $"The process that tried it ended with code {process.ExitCode} and said nothing.",
                    "Run nvidia-smi in a terminal; if the GPU is well, run the trainer with --selftest there.");
            var report = ProtocolJson.Read<SelfTestReport>(said);
            return report.Trials is [var trial] ? trial
                with
            { Device = gpu } : Failed(gpu, report.Problem ?? "Its trial gave no result.", report.Remedy);
        }
        catch (OperationCanceledException)
        {
            return Failed(gpu, $"It did not train one step within {patience.TotalSeconds:0} seconds.",
                "Run nvidia-smi in a terminal: where that hangs as well, the machine must be started again.");
        }
        catch (Exception e) when (e is JsonException or IOException or Win32Exception)
        {
            return Failed(gpu, $"Its trial failed: {e.Message}", null);
        }
    }

    private static DeviceTrial Failed(DeviceInfo gpu, string problem, string? remedy) =>
        new(gpu, null, problem, remedy, DeviceNames.CapabilityOf(gpu));

    private static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has just ended.
        }
    }
}
