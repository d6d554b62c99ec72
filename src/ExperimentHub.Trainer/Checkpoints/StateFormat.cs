namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// What a state file calls its content. It is a safetensors file with what the optimizer remembers of every parameter (<c>momentum.fc.weight</c>); the metadata
/// says what the numbers depend on. The order of the data is a function of (seed, epoch) and what a step draws one of (seed, epoch, step), so neither is in it.
/// </summary>
internal static class StateFormat
{
    /// <summary>The metadata's <c>format</c>; files with weights say <c>pt</c> there.</summary>
    public const string Name = "experimenthub-state";

    public const string Version = "1";
}
