namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// What a state file calls its content. It is a safetensors file with the momentum of every parameter (<c>momentum.fc.weight</c>) and the CPU's
/// random state; the metadata says what the numbers depend on. The order of the data is a function of (seed, epoch), the position is the end of
/// an epoch.
/// </summary>
internal static class StateFormat
{
    /// <summary>The metadata's <c>format</c>; files with weights say <c>pt</c> there.</summary>
    public const string Name = "experimenthub-state";

    public const string Version = "1";

    public const string CpuRandomState = "rng.cpu";

    public static string MomentumOf(string parameter) => "momentum." + parameter;
}
