using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ExperimentHub.Execution.Trainers;

/// <summary>Where the trainer's executable is and how a process of it is started.</summary>
internal sealed class TrainerProgram(ExecutionOptions options, LivingTrainers living)
{
    private const string Name = "ExperimentHub.Trainer";

    /// <summary>Where each process that is started is noted.</summary>
    public LivingTrainers Living => living;

    /// <exception cref="TrainerMissingException">There is no such file.</exception>
    public ProcessStartInfo StartInfo(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Locate(), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        TrainerEnvironment.Limit(start.Environment);
        // The executable looks for .NET in the usual places; the hub may run on one that lies elsewhere.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        // cuda:N is then the GPU that nvidia-smi calls N, for the self-test and every run alike; by itself CUDA puts the fastest first.
        start.Environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
        // Idle OpenMP workers sleep instead of spinning, so that a training leaves the web server its share of the cores.
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        return start;
    }

    private string Locate()
    {
        string[] candidates = options.TrainerPath is { } configured
            ? [Path.GetFullPath(configured)]
            :
            [
                // Published: in a folder of its own beside the hub. Built: beside the hub's own output folder, same configuration.
                Path.Combine(AppContext.BaseDirectory, "trainer", Name),
                Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", Name, new DirectoryInfo(AppContext.BaseDirectory).Name, Name)),
            ];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new TrainerMissingException(
                $"The trainer is not at {string.Join(" nor at ", candidates)}. Build the whole solution, or set Hub:TrainerPath.");
    }
}

/// <summary>The trainer's executable is not where it should be.</summary>
internal sealed class TrainerMissingException(string message) : Exception(message);
