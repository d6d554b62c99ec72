using ExperimentHub.Trainer;
using ExperimentHub.Trainer.Native;

// The only place that reads our own settings from the environment.
var externalLibTorch = Environment.GetEnvironmentVariable(LibTorch.ExternalFolderVariable) is { Length: > 0 } folder ? folder : null;

LibC.LeadSession();

switch (args)
{
    case []:
        // All is said and on the disk. Tearing torch down in order takes a tenth of a second, for which the run would wait.
        LibC.ExitNow(await HubSession.RunAsync(externalLibTorch));
        return ExitCode.Done;
    case ["--selftest"]:
        return SelfTest.Run(externalLibTorch, asJson: false);
    case ["--selftest", "--json"] or ["--json", "--selftest"]:
        return SelfTest.Run(externalLibTorch, asJson: true);
    case ["--selftest", "--json", "--device", var device]:
        return SelfTest.Run(externalLibTorch, asJson: true, device);
    case ["--fetch", var key, var cache]:
        return await FetchSession.RunAsync(key, cache);
    case ["--help"] or ["-h"]:
        Console.Out.Write(Usage.Text);
        return ExitCode.Done;
    default:
        Console.Error.WriteLine($"error: unknown arguments: {string.Join(' ', args)}");
        Console.Error.Write(Usage.Text);
        return ExitCode.Usage;
}
