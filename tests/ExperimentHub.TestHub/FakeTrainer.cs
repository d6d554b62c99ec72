using System.Security.Cryptography;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.TestHub;

/// <summary>
/// A trainer that is a shell script: it speaks the protocol over real pipes in a real process, and ends as the test wants. Asked for its
/// self-test it reports the devices it is given.
/// </summary>
public sealed class FakeTrainer : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"fake-trainer-{Guid.NewGuid():N}");

    /// <param name="script">Shell commands that run after the first line (the start command) was read into <c>$start</c>.</param>
    /// <param name="devices">What the self-test reports; one CPU where not given.</param>
    public FakeTrainer(string script, SelfTestReport? devices = null)
    {
        Directory.CreateDirectory(_folder);
        Program = Path.Combine(_folder, "trainer");
        Report(devices ?? EmptyHub.OneCpu);
        File.WriteAllText(Program, $"""
            #!/bin/sh
            here=$(dirname "$0")
            if [ "$1" = --selftest ]; then cat "$here/devices.json"; exit 0; fi
            echo $$ >> "$here/pids"
            read -r start
            {script.ReplaceLineEndings("\n")}
            """.ReplaceLineEndings("\n"));
        File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Program { get; }

    /// <summary>Process ids of the trainings that were started, the self-tests not counted.</summary>
    public IReadOnlyList<int> Pids => Noted("pids");

    /// <summary>The numbers that the script wrote into a file of its folder, one in each line.</summary>
    public IReadOnlyList<int> Noted(string name) => File.Exists(Path.Combine(_folder, name))
        ? [.. File.ReadAllLines(Path.Combine(_folder, name)).Select(int.Parse)]
        : [];

    /// <summary>A shell command that waits for <see cref="Go"/> of this name.</summary>
    public static string Await(string name) => $"while [ ! -e \"$here/{name}\" ]; do sleep 0.05; done";

    public void Go(string name) => File.WriteAllText(Path.Combine(_folder, name), "");

    /// <summary>What its next self-test says.
    public void Report(SelfTestReport devices) => File.WriteAllText(Path.Combine(_folder, "devices.json"), ProtocolJson.Write(devices) + "\n");

    /// <summary>A shell command that says an event.</summary>
    public static string Say(TrainerEvent said) => $"echo '{ProtocolJson.Write(said)}'";

    public static string SayStarted { get; } = Say(new TrainingStarted(new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60000, 10000, 1875));

    /// <summary>An epoch that is better than those before.</summary>
    public static string SayEpoch(int epoch) => Say(new EpochFinished(epoch, 0.5 / epoch, 0.4 / epoch, 0.9 + 0.01 * epoch, 0.5) { Best = true });

    /// <summary>Says an epoch and its checkpoint, whose two files really lie in the folder that the start command names.</summary>
    public static string SaveCheckpoint(int attempt, int epoch)
    {
        var (weights, state) = (CheckpointName.For(attempt, epoch), CheckpointName.StateFor(attempt, epoch));
        return $"""
            {WriteFiles(weights, state)}
            {SayEpoch(epoch)}
            {Say(new CheckpointSaved(epoch, weights, Saved.Length, SavedHash, new StateFile(state, Saved.Length, SavedHash)))}
            """;
    }

    /// <summary>Says where the training was stopped, with files as <see cref="SaveCheckpoint"/>.</summary>
    public static string SavePausePoint(int attempt, int epoch, int stepsDone)
    {
        var (weights, state) = (CheckpointName.ForPause(attempt), CheckpointName.StateForPause(attempt));
        return $"""
            {WriteFiles(weights, state)}
            {Say(new PausePointSaved(epoch, stepsDone, weights, Saved.Length, SavedHash, new StateFile(state, Saved.Length, SavedHash)))}
            """;
    }

    private static byte[] Saved { get; } = TinyCheckpoint.Of("x");

    private static string SavedHash { get; } = Convert.ToHexStringLower(SHA256.HashData(Saved));

    /// <summary>Makes <c>$folder</c> the scratch folder that the start command names.</summary>
    public static string FindScratch { get; } = """folder=$(echo "$start" | sed 's/.*"scratchFolder":"\([^"]*\)".*/\1/')""";

    private static string WriteFiles(string weights, string state) => $"""
        {FindScratch}
        for file in {weights} {state}; do echo {Convert.ToBase64String(Saved)} | base64 -d > "$folder/$file"; done
        """;

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
