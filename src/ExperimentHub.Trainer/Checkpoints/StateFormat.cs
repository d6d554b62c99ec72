namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// What a state file calls its content. It is a safetensors file with all that the optimizer remembers (<c>momentum.fc.weight</c>); the metadata says
/// where the training was, what its numbers depend on, and by number and hash which figures of its epochs belong to it. The figures themselves the
/// hub keeps, once for all files. The order of the data is a function of (seed, epoch) and the random numbers of a step are one of (seed, epoch,
/// step), so neither is saved.
/// </summary>
internal static class StateFormat
{
    /// <summary>The metadata's <c>format</c>; files with weights say <c>pt</c> there.</summary>
    public const string Name = "experimenthub-state";

    public const string Version = "3";

    /// <summary>
    /// Written by earlier versions: the figures of all epochs are in the file itself, as <see cref="HistoryMetric"/> and
    /// <see cref="HistoryTrainLoss"/>.
    /// </summary>
    public const string Version2 = "2";

    /// <summary>
    /// Written by earlier versions: always the end of an epoch, without the figures of the epochs, and with <see cref="Version1RandomState"/>, which
    /// no network that they could build drew from.
    /// </summary>
    public const string Version1 = "1";

    public const string Version1RandomState = "rng.cpu";

    /// <summary>F64 [epochs], or in the metadata how many there are: the metric that decides which epoch is best, after each.</summary>
    public const string HistoryMetric = "history.metric";

    /// <summary>F64 [epochs], or in the metadata how many there are: the mean training loss of each.</summary>
    public const string HistoryTrainLoss = "history.trainLoss";

    /// <summary>Metadata: <see cref="Epochs.EpochHistory.Sha256"/>.</summary>
    public const string HistorySha256 = "history.sha256";

    // Metadata of the epoch under way; absent at the end of an epoch.
    public const string StepsDone = "stepsDone";
    public const string LossSum = "lossSum";
    public const string Correct = "correct";
    public const string Seconds = "seconds";
}
