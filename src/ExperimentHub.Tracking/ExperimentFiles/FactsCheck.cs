using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>Whether facts that can be read can also be kept: what pages and the database take for granted of each other's rows.</summary>
internal static class FactsCheck
{
    // As many digits as a checkpoint's name has room for.
    private const int MaxNumber = 99_999;

    // A hub gives a run fewer; older ones did not count those that many runs got at once.
    private const int MaxTags = 1_000;

    /// <exception cref="BadExperimentFileException">They cannot.</exception>
    public static IReadOnlyList<RunId> Check(ExperimentFacts facts)
    {
        Require(Kept(facts.Name, Experiment.MaxNameLength) && facts.Name.Length > 0, "its name cannot be used");
        Require(Kept(facts.Description, Experiment.MaxDescriptionLength), "its description is too long");
        Require(Kept(facts.Conclusion, Experiment.MaxConclusionLength), "its conclusion is too long");
        Require(IsTime(facts.CreatedAt), "it was made at a time that no clock shows");
        if (SpecHistory.Problem(facts.DefaultSpec) is { } problem)
            throw new BadExperimentFileException(problem);
        var runs = facts.Runs.Select(Id).ToList();
        Require(runs.Distinct().Count() == runs.Count, "it names a run twice");
        return runs;
    }

    /// <inheritdoc cref="Check(ExperimentFacts)"/>
    public static void Check(RunFacts facts, RunId run)
    {
        Require(facts.Id == run.ToString(), "it has the id of another run");
        Require(Kept(facts.Name, Run.MaxNameLength) && facts.Name.Length > 0, "its name cannot be used");
        Require(Kept(facts.Notes, Run.MaxNotesLength), "its notes are too long");
        Require(facts.Status is RunStatus.Finished or RunStatus.Stopped or RunStatus.Failed,
            $"it is {facts.Status.Word()}, and only runs that have ended can be imported");
        if (facts.Spec is not null && SpecHistory.Problem(facts.Spec) is { } problem)
            throw new BadExperimentFileException(problem);
        Require(facts.Spec is not null || facts is { Epochs: [], Attempts: [], Fork: null, Reproduces: null, PausePoint: null },
            "it has what only a training has, and no settings");
        CheckParams(facts.Params ?? []);
        Require(facts.Metrics is not { } metrics
            || (metrics.Count <= Limits.MetricsOfARun && metrics.Select(m => m.Name).Distinct(StringComparer.Ordinal).Count() == metrics.Count),
            "it says something of a metric twice, or of more metrics than a run may have");
        Require(facts is { StartedAt: var started, EndedAt: var ended, ArchivedAt: var archived } && IsTime(facts.CreatedAt) && IsTime(started)
            && IsTime(ended) && IsTime(archived)
            && facts.Epochs.All(e => IsTime(e.EndedAt)) && facts.Attempts.All(a => IsTime(a.StartedAt) && IsTime(a.EndedAt))
            && facts.Checkpoints.All(c => IsTime(c.SavedAt))
            && IsTime(facts.PausePoint?.SavedAt), "it has a time that no clock shows");
        Require(facts.Epochs.Count <= TrainingSpec.MaxEpochs && facts.EpochEnds.Count <= TrainingSpec.MaxEpochs
            && facts.Checkpoints.Count <= TrainingSpec.MaxEpochs
            && facts.Attempts.Count <= Limits.AttemptsOfARun, "it has more epochs, checkpoints or attempts than a run may have");
        Require(facts.Environment is null || WordsOf(facts.Environment).All(word => word is null || word.Length <= Limits.MachineWord),
            "what it says of its machine is too long");
        Require(facts.Device is null or { Kind: DeviceRequest.Cpu or DeviceRequest.Cuda, Index: >= 0 }, "its device is none");
        Require(facts.StepsPerEpoch is null or >= 1, "an epoch has no steps");
        Require(IsHash(facts.DatasetSha256), "the hash of its data set is none");
        Require(facts.Reproduces is null || RunId.TryParse(facts.Reproduces, out _), "it reproduces a run without an id");
        Require(facts.Fork is null || (RunId.TryParse(facts.Fork.Run, out _) && facts.Fork.AfterEpoch >= 1), "it was forked from nowhere");
        CheckTags(facts.Tags);
        CheckEpochs(facts);
        Require(Numbered(facts.Attempts.Select(a => a.Number)), "its attempts are not counted one by one");
        CheckFiles(facts);
    }

    /// <inheritdoc cref="Check(ExperimentFacts)"/>
    public static void Check(IReadOnlyList<EvaluationFacts> evaluations)
    {
        Require(evaluations.Count <= Limits.EvaluationsOfARun, $"a run has at most {Limits.EvaluationsOfARun} evaluations");
        Require(evaluations.All(e => IsTime(e.SavedAt)), "it has a time that no clock shows");
        Require(Numbered(evaluations.Select(e => e.Epoch)), "its epochs are not in order");
        foreach (var e in evaluations)
            Require(Evaluation.Fits(new EpochEvaluated(e.Epoch, e.Classes, e.Predictions, e.Confusion, e.Worst)),
                $"the numbers of epoch {e.Epoch} do not belong together");
    }

    private static void CheckTags(IReadOnlyList<TagFacts> tags)
    {
        Require(tags.Count <= MaxTags, "it has too many tags");
        foreach (var tag in tags)
            Require(Kept(tag.Name, RunTag.MaxNameLength) && tag.Name.Length > 0 && Kept(tag.Value, RunTag.MaxValueLength),
                "it has a tag that cannot be used");
        // As the table of tags compares them. Those that are the same by the rule of today are told apart there.
        Require(tags.DistinctBy(tag => string.Concat(tag.Name.Select(c => char.IsAsciiLetterUpper(c) ? char.ToLowerInvariant(c) : c)))
            .Count() == tags.Count, "it has a tag twice");
    }

    /// <summary>
    /// What a hub has kept can travel, also what an older one kept: its rule for names allowed more signs. Too long is what no rule ever allowed.
    /// </summary>
    private static bool Kept(string text, int most) => text.Length <= NameRule.MaxUnits(most);

    private static void CheckParams(IReadOnlyList<ParamFacts> parameters)
    {
        Require(parameters.Count <= Limits.ParamsOfARun, "it has more parameters than a run may have");
        Require(parameters.All(p => Kept(p.Name, Limits.ParamName) && p.Name.Length > 0 && Kept(p.Text, Limits.ParamText)
            && p.Number is not double.NaN), "a parameter cannot be used");
        Require(parameters.Select(p => p.Name).Distinct(StringComparer.Ordinal).Count() == parameters.Count, "it names a parameter twice");
    }

    private static void CheckEpochs(RunFacts facts)
    {
        Require(Numbered(facts.Epochs.Select(e => e.Number)), "its epochs are not in order");
        // Infinite is a result, as of a training that ran away; a database has no room for what is no number.
        Require(!facts.Epochs.SelectMany(e => new double?[] { e.TrainLoss, e.TestLoss, e.TestAccuracy, e.Seconds, e.ValidationLoss,
            e.ValidationAccuracy, e.TrainAccuracy })
            .OfType<double>().Any(double.IsNaN), "a result of an epoch is no number");
        Require(facts.BestEpoch is null || facts.Epochs.Any(e => e.Number == facts.BestEpoch),
            $"its best epoch {facts.BestEpoch} is not among its epochs");
        Require(facts.BestStep is null or >= 0, "its best step is none");
        Require(facts.EpochEnds.Zip(facts.EpochEnds.Skip(1)).All(pair => pair.First < pair.Second) && facts.EpochEnds.All(step => step >= 0),
            "the ends of its epochs are not in order");
    }

    private static void CheckFiles(RunFacts facts)
    {
        Require(Numbered(facts.Checkpoints.Select(c => c.Epoch)), "its checkpoints are not in order");
        Require(facts.Checkpoints.All(c => c.Attempt is >= 1 and <= MaxNumber && IsHash(c.WeightsSha256)
            && c.TestLoss is not double.NaN && c.TestAccuracy is not double.NaN), "a checkpoint's facts are none");
        Require(facts.PausePoint is null or { Attempt: >= 1 and <= MaxNumber, Epoch: >= 0, StepsDone: >= 0 },
            "the point at which it was stopped is none");
    }

    /// <summary>From 1 on, each once.</summary>
    private static bool Numbered(IEnumerable<int> numbers)
    {
        var before = 0;
        foreach (var number in numbers)
        {
            if (number <= before || number > MaxNumber)
                return false;
            before = number;
        }

        return true;
    }

    private static bool IsTime(DateTime? time) => time is null || (time >= Limits.Earliest && time <= Limits.Latest);

    private static IEnumerable<string?> WordsOf(RunEnvironment machine) =>
        [machine.Machine, machine.OperatingSystem, machine.Architecture, machine.Runtime, machine.Cpu, machine.NvidiaDriver];

    private static bool IsHash(string? text) => text is null || (text.Length == 64 && text.All(char.IsAsciiHexDigitLower));

    private static RunId Id(string text) =>
        RunId.TryParse(text, out var id) ? id : throw new BadExperimentFileException($"'{Words.Short(text)}' is no id of a run");

    private static void Require(bool holds, string problem)
    {
        if (!holds)
            throw new BadExperimentFileException(problem);
    }
}
