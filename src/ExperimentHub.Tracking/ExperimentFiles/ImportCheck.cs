using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Checkpoints;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>An experiment that was looked through and lies unpacked, under names of ours.</summary>
internal sealed record CheckedExperiment(ExperimentFacts Facts, IReadOnlyList<RunId> Runs, IReadOnlyList<string> LeftOut);

/// <summary>
/// Looks through a whole file before anything of it counts, and unpacks what lies in files: for each run a folder with its id, laid out as the data
/// folder keeps it, and the points of its metrics beside.
/// </summary>
internal sealed class ImportCheck(ExperimentFileReader file, string folder)
{
    public CheckedExperiment Run(CancellationToken cancellation)
    {
        var facts = file.ReadJson<ExperimentFacts>(ExperimentFileFormat.Experiment, Limits.FactsOfAFile);
        var runs = Judge(ExperimentFileFormat.Experiment, () => FactsCheck.Check(facts));
        foreach (var run in runs)
        {
            cancellation.ThrowIfCancellationRequested();
            UnpackRun(run, cancellation);
        }

        if (file.Unread.FirstOrDefault() is { } stray)
            throw new BadExperimentFileException($"'{Words.Short(stray)}' belongs to nothing in the experiment. A hub does not export that.");
        return new CheckedExperiment(facts, runs, LeftOut(file.Manifest.LeftOut));
    }

    private static IReadOnlyList<string> LeftOut(IReadOnlyList<string> said) => said.Count <= Limits.LeftOutOfAFile
        ? [.. said.Select(Words.Short)]
        : [.. said.Take(Limits.LeftOutOfAFile).Select(Words.Short), $"And {said.Count - Limits.LeftOutOfAFile:N0} more."];

    /// <summary>Where the points of a run lie.</summary>
    public static string SeriesFile(string folder, RunId run) => Path.Combine(folder, $"{run}.series");

    public static string RunFolder(string folder, RunId run) => Path.Combine(folder, run.ToString());

    private void UnpackRun(RunId run, CancellationToken cancellation)
    {
        var facts = file.ReadJson<RunFacts>(ExperimentFileFormat.Facts(run), Limits.FactsOfAFile);
        Judge(ExperimentFileFormat.Facts(run), () =>
        {
            FactsCheck.Check(facts, run);
            return true;
        });
        if (facts.HasEvaluations)
        {
            var evaluations = file.ReadJson<List<EvaluationFacts>>(ExperimentFileFormat.Evaluations(run), Limits.ListsOfAFile);
            Judge(ExperimentFileFormat.Evaluations(run), () =>
            {
                FactsCheck.Check(evaluations);
                return true;
            });
        }

        file.Extract(ExperimentFileFormat.Series(run), SeriesFile(folder, run), long.MaxValue, toDisk: false, cancellation);
        Judge(ExperimentFileFormat.Series(run), () => LookThroughSeries(run));

        var home = RunFolder(folder, run);
        DataFolder.Create(Path.Combine(home, DataFolder.CheckpointFolderName));
        foreach (var attempt in facts.Attempts.Where(attempt => attempt.HasLog))
            file.Extract(ExperimentFileFormat.Log(run, attempt.Number), Path.Combine(home, ArtifactKey.OfLog(run, attempt.Number).Name),
                ExperimentFileFormat.MaxLogBytes, toDisk: false, cancellation);
        foreach (var checkpoint in facts.Checkpoints)
        {
            Weights(ExperimentFileFormat.Weights(run, checkpoint.Epoch), checkpoint.Weights,
                CheckpointName.For(checkpoint.Attempt, checkpoint.Epoch));
            if (checkpoint.State is { } state)
                Weights(ExperimentFileFormat.State(run, checkpoint.Epoch), state, CheckpointName.StateFor(checkpoint.Attempt, checkpoint.Epoch));
        }

        if (facts.PausePoint is { } point)
        {
            Weights(ExperimentFileFormat.PauseWeights(run), point.Weights, CheckpointName.ForPause(point.Attempt));
            Weights(ExperimentFileFormat.PauseState(run), point.State, CheckpointName.StateForPause(point.Attempt));
        }

        void Weights(string name, FileFacts said, string fileName)
        {
            if (file.SizeOf(name) != said.Size || file.HashOf(name) != said.Sha256)
                throw new BadExperimentFileException(
                    $"{name} is not the file that its run says (size or SHA-256 differ). Export the experiment again.");
            var path = Path.Combine(home, DataFolder.CheckpointFolderName, fileName);
            file.Extract(name, path, long.MaxValue, toDisk: true, cancellation);
            // Whoever downloads it later trusts its name: a pickle would run code on their machine.
            using var saved = OwnFile.OpenRead(path);
            if (SafetensorsHeader.Problem(saved) is { } problem)
                throw new BadExperimentFileException($"{name} is not a safetensors file: {problem}");
        }
    }

    private bool LookThroughSeries(RunId run)
    {
        using var series = OwnFile.OpenRead(SeriesFile(folder, run));
        // Whoever reads them finds what is wrong with them.
        return SeriesEntry.Read(series).All(_ => true);
    }

    /// <summary>Makes a sentence of what is wrong within an entry.</summary>
    private static T Judge<T>(string name, Func<T> check)
    {
        try
        {
            return check();
        }
        catch (BadExperimentFileException e)
        {
            throw new BadExperimentFileException($"{name} cannot be kept: {e.Message.TrimEnd('.')}.");
        }
    }
}
