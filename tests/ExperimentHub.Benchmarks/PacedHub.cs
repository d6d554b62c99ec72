using System.Globalization;
using System.Text.Json.Nodes;
using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>A hub of its own whose trainers take their steps by the clock.</summary>
internal sealed class PacedHub : IAsyncDisposable
{
    private readonly FakeTrainer _trainer;
    private readonly string _notes;
    private readonly int _stepsPerSecond;

    private PacedHub(HubProcess hub, FakeTrainer trainer, string notes, int stepsPerSecond) =>
        (Hub, _trainer, _notes, _stepsPerSecond) = (hub, trainer, notes, stepsPerSecond);

    public HubProcess Hub { get; }

    /// <param name="runs">How many may train at once.</param>
    /// <param name="folder">Where there is something already; removed at the end as a new one is.</param>
    public static async Task<PacedHub> StartAsync(int stepsPerSecond, int runs = 1, string? folder = null)
    {
        var notes = Directory.CreateTempSubdirectory("experimenthub-paced-").FullName;
        var program = Path.Combine(AppContext.BaseDirectory, "ExperimentHub.Benchmarks");
        var trainer = new FakeTrainer($"exec '{program}' {PacedTrainer.Command} {stepsPerSecond} '{notes}' \"$start\"");
        var hub = await HubProcess.StartAsync(folder ?? HubProcess.NewFolder(), $"--Hub:TrainerPath={trainer.Program}", $"--Hub:CpuSlots={runs}");
        return new PacedHub(hub, trainer, notes, stepsPerSecond);
    }

    /// <summary>Starts a run that lasts so long, or a little longer.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> StartRunAsync(TimeSpan length)
    {
        var epochs = (int)Math.Ceiling(length.TotalSeconds * _stepsPerSecond / PacedTrainer.StepsPerEpoch);
        var request = new JsonObject { ["experiment"] = "benchmark", ["spec"] = new JsonObject { ["epochs"] = epochs } };
        return (await Hub.StartRunAsync(request.ToJsonString()))["id"]!.GetValue<string>();
    }

    public bool HasBegun(string run) => File.Exists(Path.Combine(_notes, run));

    /// <summary>The steps of a run that its trainer has told so far.</summary>
    public IReadOnlyList<StepTime> StepsOf(string run) =>
    [
        .. File.ReadLines(Path.Combine(_notes, run))
            .Select(line => line.Split(' ').Select(field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray())
            .Select(fields => new StepTime((long)fields[0], fields[1], fields[2])),
    ];

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        _trainer.Dispose();
        Directory.Delete(_notes, recursive: true);
        Directory.Delete(Hub.DataFolder, recursive: true);
    }
}
