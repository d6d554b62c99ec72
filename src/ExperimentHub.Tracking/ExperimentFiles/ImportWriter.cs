using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>
/// Puts an experiment that was checked into the database, in steps that each leave room for those who train meanwhile. Until the last one it is
/// hidden as a deleted experiment is, with a time that no deletion has: so nobody sees half of it, and the next start knows what to clear away.
/// </summary>
internal sealed class ImportWriter(IDbContextFactory<TrackingDb> databases, MetricWriter metrics, DeviceInventory devices, ArtifactStore store,
    ArtifactDebts debts, TimeProvider time)
{
    private const int RunsAtOnce = 50;

    /// <summary>Few beside what the writer of points has room for: those of runs that train must never be dropped for these.</summary>
    private const int PointsAtOnce = 100_000;

    /// <param name="incoming">Where the runs' files lie; they are moved.</param>
    /// <param name="hidden">Hears the id as soon as there is something to remove if the rest fails.</param>
    /// <returns>The experiment, for all to see.</returns>
    public async Task<Experiment> WriteAsync(ExperimentFileReader file, CheckedExperiment checkedOne, string incoming, Action<int> hidden,
        CancellationToken cancellation)
    {
        var facts = checkedOne.Facts;
        var id = await HideAsync(facts, cancellation);
        hidden(id);
        foreach (var step in checkedOne.Runs.Chunk(RunsAtOnce))
        {
            foreach (var (run, number, ends) in await AddRunsAsync(file, id, step, cancellation))
            {
                await AddPointsAsync(number, ends, ImportCheck.SeriesFile(incoming, run), cancellation);
                await TakeFilesAsync(run, number, ImportCheck.RunFolder(incoming, run), cancellation);
            }
        }

        await metrics.FlushAsync(cancellation);
        return await ShowAsync(id, facts.Name, cancellation);
    }

    /// <summary>Removes what is hidden still, files first: nobody has seen it, and a crash in between is repeated at the next start.</summary>
    public async Task RemoveAsync(int id)
    {
        await using var db = await databases.CreateDbContextAsync();
        foreach (var run in await db.Runs.IgnoreQueryFilters().Where(run => run.ExperimentId == id && run.Experiment.DeletedAt == Experiment.Arriving)
            .Select(run => run.Id).ToListAsync())
            await store.DeleteAllAsync(ArtifactKey.OfRun(run));
        await db.Experiments.IgnoreQueryFilters().Where(e => e.Id == id && e.DeletedAt == Experiment.Arriving).ExecuteDeleteAsync();
    }

    private async Task TakeFilesAsync(RunId run, long number, string incoming, CancellationToken cancellation)
    {
        await store.DeleteAllAsync(ArtifactKey.OfRun(run), cancellation);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var home = ArtifactKey.OfRun(run).Text.Length + 1;
        var files = await db.Artifacts.AsNoTracking().Where(artifact => artifact.RunNumber == number)
            .Select(artifact => new { artifact.Key, artifact.Size }).ToListAsync(cancellation);
        var missing =
            await store.TakeAsync([.. files.Select(file => new ArrivingFile(file.Key, Path.Combine(incoming, file.Key.Text[home..]), file.Size))],
                cancellation);
        if (missing.Count > 0)
            throw new IOException($"{missing.First()} was taken away while it came in.");
    }

    private async Task<int> HideAsync(ExperimentFacts facts, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var experiment = new Experiment
        {
            Name = NameRule.Tidied(facts.Name),
            Description = facts.Description,
            Conclusion = facts.Conclusion,
            DefaultSpec = facts.DefaultSpec,
            CreatedAt = facts.CreatedAt,
            DeletedAt = Experiment.Arriving,
        };
        db.Experiments.Add(experiment.Begin(SettingsOrigin.Import, time.GetUtcNow().UtcDateTime));
        await db.SaveChangesAsync(cancellation);
        return experiment.Id;
    }

    private async Task<Experiment> ShowAsync(int id, string name, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var experiment = await db.Experiments.IgnoreQueryFilters().FirstAsync(e => e.Id == id, cancellation);
        experiment.Name = await ExperimentNames.FreeAsync(db, NameRule.Tidied(name), "imported", cancellation);
        experiment.DeletedAt = null;
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return experiment;
    }

    private async Task<List<(RunId Run, long Number, Marks Ends)>> AddRunsAsync(ExperimentFileReader file, int experiment, RunId[] ids,
        CancellationToken cancellation)
    {
        // Of the facts only what the points need: those of a long run are megabytes.
        var added = new List<(RunId, long, Marks)>();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // A run keeps its id wherever it goes, so one that was removed here may come back before its files are gone. They go when the new ones come.
        if (!await debts.TakeOverAsync(db, [.. ids.Select(ArtifactKey.OfRun)], cancellation))
            throw new IOException("Files of a run of this file, which was deleted here, are being removed right now; try again in a minute");
        foreach (var id in ids)
        {
            var facts = file.ReadJson<RunFacts>(ExperimentFileFormat.Facts(id), Limits.FactsOfAFile);
            var run = RunOf(facts, id, experiment);
            run.Params.AddRange(await ParamRows.MakeAsync(db,
                facts.Spec is { } spec ? SpecParams.Of(spec) : [.. (facts.Params ?? []).Select(p => p.ToValue())], cancellation));
            if (facts.HasEvaluations)
                run.Evaluations.AddRange(file.ReadJson<List<EvaluationFacts>>(ExperimentFileFormat.Evaluations(id), Limits.ListsOfAFile)
                    .Select(e => e.ToEvaluation()));
            run.Artifacts.AddRange(facts.Attempts.Where(attempt => attempt.HasLog).Select(attempt => LogOf(file, id, attempt.Number)));
            db.Runs.Add(run);
            await db.SaveChangesAsync(cancellation);
            // The last one comes with the points, whose mean is taken there.
            db.MetricEpochs.AddRange(facts.EpochEnds.SkipLast(1).Select(step => new MetricEpoch { RunNumber = run.Number, EndStep = step }));
            await db.SaveChangesAsync(cancellation);
            added.Add((id, run.Number, new Marks(
                facts.EpochEnds is [.., var end] ? end : null, facts.BestStep,
                (facts.Metrics ?? []).ToDictionary(metric => metric.Name, metric => metric.ToMeaning(), StringComparer.Ordinal))));
            db.ChangeTracker.Clear();
        }

        await transaction.CommitAsync(cancellation);
        return added;
    }

    private Artifact LogOf(ExperimentFileReader file, RunId run, int attempt)
    {
        var name = ExperimentFileFormat.Log(run, attempt);
        return Artifact.OfRun(0, ArtifactKey.OfLog(run, attempt), file.SizeOf(name), file.HashOf(name), time.GetUtcNow().UtcDateTime,
            RunLogs.MediaType);
    }

    private Run RunOf(RunFacts facts, RunId id, int experiment)
    {
        var run = new Run
        {
            Id = id,
            Name = facts.Name,
            ExperimentId = experiment,
            CreatedAt = facts.CreatedAt,
            ArchivedAt = facts.ArchivedAt,
            Trigger = facts.Trigger,
            Notes = facts.Notes,
            Environment = facts.Environment,
            AppVersion = facts.AppVersion,
            Training = facts.Spec is { } spec ? TrainingOf(facts, spec) : null,
        };
        run.TakeOver(facts.Status, facts.StartedAt, facts.EndedAt, facts.Error);
        run.Checkpoints.AddRange(facts.Checkpoints.Select(checkpoint => checkpoint.ToCheckpoint(run.Id)));
        run.Artifacts.AddRange(run.Checkpoints.SelectMany(checkpoint => checkpoint.Files()).Concat(run.Training?.PausePoint?.Files() ?? []));
        run.Tags.AddRange(facts.Tags.Select(tag => new RunTag { Name = tag.Name, Value = tag.Value }));
        RunTag.TellApart(run.Tags);
        if (run.Tags.Count < RunTag.MaxOfARun && RunTag.Called(run.Tags, RunTag.Imported) is null)
            run.Tags.Add(new RunTag
            {
                Name = RunTag.Imported, Value = time.GetUtcNow()
                .ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)
            });
        return run;
    }

    private Training TrainingOf(RunFacts facts, TrainingSpec spec)
    {
        var fork = facts.Fork is { } source ? new ForkSource(RunId.Parse(source.Run, null), source.AfterEpoch) : null;
        var training = new Training
        {
            Spec = spec,
            Model = spec.Model.Kind,
            Dataset = spec.Dataset,
            PlannedEpochs = spec.Epochs,
            BatchSize = spec.BatchSize,
            LearningRate = spec.Optimizer.LearningRate,
            Seed = spec.Seed,
            Recipe = Evidence.RecipeOf(spec, fork),
            DeviceGroup = devices.GroupOf(DeviceRequest.Parse(spec.Device)),
            DeviceKind = facts.Device?.Kind,
            DeviceIndex = facts.Device?.Index,
            DeviceName = facts.Device?.Name,
            FinishReason = facts.FinishReason,
            ForkedFrom = fork?.Run,
            ForkedAfterEpoch = fork?.Epoch,
            Reproduces = facts.Reproduces is { } original ? RunId.Parse(original, null) : null,
            TorchVersion = facts.TorchVersion,
            Threads = facts.Threads,
            Parameters = facts.Parameters,
            StepsPerEpoch = facts.StepsPerEpoch,
            ValidationSamples = facts.ValidationSamples,
            DatasetSha256 = facts.DatasetSha256,
            CurrentAttempt = facts.Attempts.Count == 0 ? 0 : facts.Attempts[^1].Number,
            PausePoint = facts.PausePoint?.ToPausePoint(RunId.Parse(facts.Id, null)),
        };
        training.Attempts.AddRange(facts.Attempts.Select(attempt => attempt.ToAttempt()));
        foreach (var epoch in facts.Epochs.Select(epoch => epoch.ToEpoch()))
        {
            training.EpochResults.Add(epoch);
            training.TrainSeconds += epoch.Seconds;
            RunResults.Take(training, epoch, epoch.Number == facts.BestEpoch);
        }

        return training;
    }

    private async Task AddPointsAsync(long run, Marks marks, string series, CancellationToken cancellation)
    {
        var waiting = 0;
        await using (var stream = OwnFile.OpenRead(series))
        {
            foreach (var part in SeriesEntry.Read(stream))
            {
                await metrics.AppendAsync(run, part.Metric, part.Points, marks.Meanings.GetValueOrDefault(part.Metric), cancellation);
                waiting += part.Points.Length;
                if (waiting < PointsAtOnce)
                    continue;
                await metrics.FlushAsync(cancellation);
                waiting = 0;
            }
        }

        if (marks.LastStep is { } last)
            metrics.EpochEnded(run, last);
        if (marks.BestStep is { } best)
            metrics.MarkBest(run, best);
        File.Delete(series);
    }

    /// <param name="LastStep">Of the last epoch.</param>
    /// <param name="BestStep">Of the best epoch.</param>
    /// <param name="Meanings">What the file tells of metrics, by name.</param>
    private sealed record Marks(long? LastStep, long? BestStep, IReadOnlyDictionary<string, MetricMeaning> Meanings);
}
