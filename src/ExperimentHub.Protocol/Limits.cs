namespace ExperimentHub.Protocol;

/// <summary>
/// The most of each thing that is taken in, whatever door it comes by: API, form, import, upload or trainer. What a person or program sends beyond it
/// is refused in words; what a trainer says is cut and says so (<see cref="ShortText"/>), because nobody is there to say it again. Limits of a
/// training itself are <see cref="TrainingSpec"/>'s.
/// </summary>
public static class Limits
{
    // One request.

    /// <summary>Bytes of one JSON body of the API. The largest that means something is a list of <see cref="IdsInARequest"/> runs.</summary>
    public const int JsonBody = 4 << 20;

    /// <summary>
    /// Bytes of a request's first line: a whole <see cref="View"/> in the address, percent-encoded, at nine bytes for a character of any script. A
    /// longer one is cut off without words.
    /// </summary>
    public const int RequestLine = 160 << 10;

    public const int IdsInARequest = 10_000;
    public const int IdempotencyKey = 200;

    /// <summary>Runs that are started together. They are made in one transaction, and nobody else writes meanwhile.</summary>
    public const int RunsStartedAtOnce = 100;

    /// <summary>Bytes of a text in an upload, such as the names of all classes.</summary>
    public const int TextOfAnUpload = 64 << 10;

    // What people write.
    public const int ExperimentName = 100;
    public const int ExperimentDescription = 2_000;
    public const int RunName = 100;
    public const int Notes = 20_000;
    public const int TagName = 50;
    public const int TagValue = 200;
    public const int TagsOfARun = 50;
    public const int ViewName = 100;
    public const int Views = 500;

    /// <summary>Characters of a view as it is kept.</summary>
    public const int View = 16_384;

    public const int DatasetName = 60;
    public const int ClassName = 60;

    /// <summary>Data sets of the hub's own, so that they can be listed in one answer.</summary>
    public const int OwnDatasets = 500;
    public const int Classes = 256;

    // What trainers and machines say.

    /// <summary>Characters of one event.</summary>
    public const int LineOfATrainer = 32 << 20;

    /// <summary>Why a run or an attempt ended, with the last lines of its trainer.</summary>
    public const int Explanation = 4_000;

    /// <summary>What a trainer does before its first step.</summary>
    public const int Activity = 300;

    /// <summary>A device's name, a version, a system.</summary>
    public const int MachineWord = 200;

    public const int ParamName = 250;
    public const int ParamText = 6_000;

    /// <summary>Parameters of a run that comes from elsewhere.</summary>
    public const int ParamsOfARun = 2_000;

    public const int MetricName = 200;
    public const int MetricsOfARun = 1_000;

    /// <summary>Attempts of a run that comes from elsewhere.</summary>
    public const int AttemptsOfARun = 10_000;

    /// <summary>Of the best and of the last epoch.</summary>
    public const int EvaluationsOfARun = 2;

    /// <summary>Images whose loss an evaluation names.</summary>
    public const int WorstImages = 1_000;

    /// <summary>No clock of a run shows an earlier time, in UTC.</summary>
    public static readonly DateTime Earliest = DateTime.UnixEpoch;

    /// <summary>No clock of a run shows a later time, in UTC; whatever zone it is shown in, there is room beyond it.</summary>
    public static readonly DateTime Latest = new(3000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    // Answers.

    /// <summary>Runs that are compared at once.</summary>
    public const int RunsCompared = 200;

    /// <summary>Entries of curves in one answer, over all runs and metrics: each is four numbers, in several forms on their way out.</summary>
    public const int CurveEntries = 2_000_000;

    /// <summary>Entries of curves in a report, over all runs and metrics: each is written as text.</summary>
    public const int ReportEntries = 400_000;

    // Files with an experiment.

    /// <summary>Entries of a zip; their names and hashes are held in memory.</summary>
    public const int EntriesOfAFile = 100_000;

    /// <summary>Bytes of the facts of a run or an experiment, as JSON: of 10,000 epochs with their checkpoints they are 8 MB.</summary>
    public const int FactsOfAFile = 16 << 20;

    /// <summary>Bytes of the manifest or of a run's evaluations, as JSON.</summary>
    public const int ListsOfAFile = 48 << 20;

    /// <summary>Sentences about what an export could not write.</summary>
    public const int LeftOutOfAFile = 100;
}
