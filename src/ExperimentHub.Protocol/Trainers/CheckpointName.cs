using System.Text.RegularExpressions;

namespace ExperimentHub.Protocol.Trainers;

/// <summary>The one rule for names of checkpoint files, so that the hub accepts nothing else as a file name.</summary>
public static partial class CheckpointName
{
    public static string For(int attempt, int epoch) => $"attempt-{attempt}-epoch-{epoch}.safetensors";

    /// <summary>The file beside the weights that resuming needs.</summary>
    public static string StateFor(int attempt, int epoch) => $"attempt-{attempt}-epoch-{epoch}.state.safetensors";

    /// <summary>The weights in the middle of an epoch.</summary>
    public static string ForPause(int attempt) => $"attempt-{attempt}-pause.safetensors";

    /// <summary>The file beside <see cref="ForPause"/> that resuming needs.</summary>
    public static string StateForPause(int attempt) => $"attempt-{attempt}-pause.state.safetensors";

    /// <summary>What a run that begins takes its first weights from; nothing that a trainer leaves is called so.</summary>
    public static string ForOrigin(int epoch) => $"origin-epoch-{epoch}.safetensors";

    /// <summary>The file beside <see cref="ForOrigin"/>.</summary>
    public static string StateForOrigin(int epoch) => $"origin-epoch-{epoch}.state.safetensors";

    /// <summary>Whether a trainer may leave a file of this name.</summary>
    public static bool IsValid(string name) => Pattern().IsMatch(name);

    [GeneratedRegex(@"\Aattempt-[1-9][0-9]{0,4}-(epoch-[1-9][0-9]{0,4}|pause)(\.state)?\.safetensors\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
