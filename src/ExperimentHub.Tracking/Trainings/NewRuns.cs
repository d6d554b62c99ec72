using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// Makes runs of requests: checks them, finds the ones that were made before, and gives a new one its experiment, number, seed and place in the
/// queue.
/// </summary>
public sealed class NewRuns(DeviceInventory devices, DatasetLibrary datasets, AppVersion version, TimeProvider time)
{
    /// <summary>What is wrong with the first of the requests that has something wrong; empty where all may be tried.</summary>
    internal IReadOnlyList<SpecProblem> Problems(IReadOnlyList<RunRequest> requests) => requests.Count > Limits.RunsStartedAtOnce
        ? [new SpecProblem("runs", $"At most {Limits.RunsStartedAtOnce} runs can be started at once; these are {requests.Count:N0}.")]
        : requests.Select(Validate).FirstOrDefault(problems => problems.Count > 0) ?? [];

    /// <summary>Makes what is asked for, all or none, within the caller's transaction. What the context tracks is saved or forgotten.</summary>
    /// <returns>The runs, and which of them were not there before.</returns>
    internal async Task<(EnqueuedRuns Made, IReadOnlyList<RunId> New)> MakeAsync(TrackingDb db, IReadOnlyList<RunRequest> requests,
        CancellationToken cancellation)
    {
        // Held until all of them are there, so that nobody archives or deletes the experiment in between.
        foreach (var key in requests.Select(request => NameRule.Key(request.Experiment)).Distinct().Order(StringComparer.Ordinal))
            await db.HoldExperimentAsync(key, cancellation);
        var now = time.GetUtcNow().UtcDateTime;
        List<(Run Run, bool IsNew)> runs = [];
        foreach (var request in requests)
        {
            var (run, isNew, problem) = await FindOrMakeAsync(db, request, now, cancellation);
            if (run is null)
                return (EnqueuedRuns.Refused([problem!]), []);
            // Saved one by one: what the next one asks the database for, its number, place, seed and experiment, depends on those before it.
            await db.SaveChangesAsync(cancellation);
            // Or each save would look for changes in everything that was saved before.
            db.ChangeTracker.Clear();
            runs.Add((run, isNew));
        }

        var repeated = runs.Count > 0 && runs.TrueForAll(run => !run.IsNew);
        return (new EnqueuedRuns([.. runs.Select(run => run.Run.Id)], [], runs.FirstOrDefault().Run?.CreatedAt,
            repeated), [.. runs.Where(run => run.IsNew).Select(run => run.Run.Id)]);
    }

    /// <summary>The run that the request's key made before, or else a new one, which is not saved yet.</summary>
    /// <returns>null with what is wrong.</returns>
    private async Task<(Run? Run, bool IsNew, SpecProblem? Problem)> FindOrMakeAsync(TrackingDb db, RunRequest request, DateTime now,
        CancellationToken cancellation)
    {
        // What the experiment starts from next time says nothing of checkpoints that nobody spoke of: then a shorter run keeps all of its own.
        var usual = request.Spec.Tidied();
        request = request with { Spec = usual with { Checkpoints = usual.Checkpoints ?? CheckpointPolicy.UsualFor(usual.Epochs) } };
        var name = NameRule.Tidied(request.Experiment);
        // Deleted runs count, and those of deleted experiments: they keep their keys and their numbers as long as the deletion can be undone.
        if (request.IdempotencyKey is { } key
            && await db.Runs.IgnoreQueryFilters().Include(r => r.Experiment)
                .FirstOrDefaultAsync(r => r.IdempotencyKey == key, cancellation) is { } earlier)
            return earlier.DeletedAt is null && earlier.Experiment.DeletedAt is null && earlier.Training is { } training
                && SpecAs(request, training) == request.Spec
                && ForkSource.Of(training) == request.Fork && training.Reproduces == request.Reproduces
                && NameRule.Same(earlier.Experiment.Name, name)
                ? (earlier, false, null)
                : (null, false, new SpecProblem("Idempotency-Key", "This key was used before with another request. Use a new key for a new run."));

        if (request.Fork is { } fork && await fork.ProblemAsync(db, request.Spec, cancellation) is { } refusal)
            return (null, false, refusal);

        var recipe = Evidence.RecipeOf(request.Spec, request.Fork);
        if (request.NewSeed)
            request = request with { Spec = request.Spec with { Seed = await FreeSeedAsync(db, recipe, request.Spec, cancellation) } };
        var experiment = await db.Experiments.CalledAsync(name, cancellation);
        // It would train where nobody looks.
        if (experiment?.ArchivedAt is not null)
            return (null, false, new SpecProblem("experiment",
                $"The experiment {experiment.Name} is archived. Unarchive it on its page, or choose another name."));
        // Its first run says what the experiment is about, so the next one starts from the same settings.
        experiment ??= db.Experiments.Add(new Experiment { Name = name, DefaultSpec = usual, CreatedAt = now }
            .Begin(request.Trigger == RunTrigger.Api ? SettingsOrigin.Api : SettingsOrigin.Page, now, "the first run's")).Entity;
        var number = (await db.Runs.IgnoreQueryFilters().MaxAsync(r => (long?)r.Number, cancellation) ?? 0) + 1;
        var run = new Run
        {
            Id = RunId.New(time),
            Name = NameRule.Tidied(request.Name) is { Length: > 0 } chosen ? chosen : RunNames.Make(number),
            Experiment = experiment,
            CreatedAt = now,
            AppVersion = version.Text,
            IdempotencyKey = request.IdempotencyKey,
            Trigger = request.Trigger,
            Training = new Training
            {
                Spec = request.Spec,
                Model = request.Spec.Model.Kind,
                Dataset = request.Spec.Dataset,
                PlannedEpochs = request.Spec.Epochs,
                BatchSize = request.Spec.BatchSize,
                LearningRate = request.Spec.Optimizer.LearningRate,
                Seed = request.Spec.Seed,
                Recipe = recipe,
                DeviceGroup = devices.GroupOf(DeviceRequest.Of(request.Spec)),
                QueuePosition = Math.Max(number, await QueueEnd.NextAsync(db, cancellation)),
                ForkedFrom = request.Fork?.Run,
                ForkedAfterEpoch = request.Fork?.Epoch,
                Reproduces = request.Reproduces,
            },
        };
        run.Params.AddRange(await ParamRows.MakeAsync(db, SpecParams.Of(request.Spec), cancellation));
        db.Runs.Add(run);
        return (run, true, null);
    }

    /// <summary>What a run was asked to train; where the hub chose its seed, the seed that was asked for.</summary>
    private static TrainingSpec SpecAs(RunRequest request, Training earlier) =>
        request.NewSeed ? earlier.Spec with { Seed = request.Spec.Seed } : earlier.Spec;

    /// <summary>
    /// The first seed from the spec's on that no run of the hub has had with this recipe and data, whoever made it and whether it waits or has ended.
    /// It is asked in the transaction that makes the run, so two callers never take the same. A data set is the same by its name or by what lies
    /// behind it; the device does not matter, so that a recipe never sees a seed twice.
    /// </summary>
    private async Task<long> FreeSeedAsync(TrackingDb db, string recipe, TrainingSpec spec, CancellationToken cancellation)
    {
        var sha256 = datasets.Find(spec.Dataset)?.Sha256;
        var taken = (await db.Trainings
            .Where(t => t.Run.DeletedAt == null && t.Recipe == recipe && (t.Dataset == spec.Dataset || (sha256 != null && t.DatasetSha256 == sha256)))
            .Select(t => t.Seed).ToListAsync(cancellation)).ToHashSet();
        var seed = spec.Seed;
        while (taken.Contains(seed))
            seed = seed == TrainingSpec.MaxSeed ? 0 : seed + 1;
        return seed;
    }

    private List<SpecProblem> Validate(RunRequest request)
    {
        var problems = new List<SpecProblem>();
        if (NameRule.Problem(request.Experiment, Experiment.MaxNameLength) is { } experiment)
            problems.Add(new SpecProblem("experiment", $"The experiment's name {experiment}"));
        if (NameRule.Tidied(request.Name).Length > 0 && NameRule.Problem(request.Name, Run.MaxNameLength) is { } name)
            problems.Add(new SpecProblem("name", $"The run's name {name}"));
        if (request.IdempotencyKey is { } key && key.Length is 0 or > Limits.IdempotencyKey)
            problems.Add(new SpecProblem("Idempotency-Key", $"An idempotency key has 1 to {Limits.IdempotencyKey} characters."));
        problems.AddRange(request.Spec.Validate(datasets.Find(request.Spec.Dataset))
            .Select(problem => problem with { Field = $"spec.{problem.Field}" }));
        if (problems.Count == 0 && devices.Refusal(request.Spec) is { } refusal)
            problems.Add(refusal with { Field = $"spec.{refusal.Field}" });
        return problems;
    }
}
