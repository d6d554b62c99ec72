using System.Text.RegularExpressions;

namespace ExperimentHub.Protocol.Trainers;

/// <summary>The one rule for names of checkpoint files, so that the hub accepts nothing else as a file name.</summary>
public static partial class CheckpointName
{
    public static string For(int attempt, int epoch) => $"attempt-{attempt}-epoch-{epoch}.safetensors";

    /// <summary>The file beside the weights that resuming needs.</summary>
    public static string StateFor(int attempt, int epoch) => $"attempt-{attempt}-epoch-{epoch}.state.safetensors";

    public static bool IsValid(string name) => Pattern().IsMatch(name);

    [GeneratedRegex(@"\Aattempt-[1-9][0-9]{0,4}-epoch-[1-9][0-9]{0,4}(\.state)?\.safetensors\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
