using System.Buffers;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>What became of an import.</summary>
/// <param name="Experiment">The new one; null where it was refused.</param>
/// <param name="Runs">How many it has.</param>
/// <param name="LeftOut">What the hub that exported it could not write.</param>
/// <param name="Problem">Why it was refused, for a person.</param>
/// <param name="RunsExist">It was refused because runs of it are here already.</param>
/// <param name="StorageProblem">Why the disk did not take it.</param>
public sealed record ImportResult(
    Experiment? Experiment, int Runs = 0, IReadOnlyList<string>? LeftOut = null, string? Problem = null, bool RunsExist = false,
    string? StorageProblem = null);

/// <summary>Begins imports, and clears away what imports left behind that the end of the hub cut off.</summary>
public sealed class ExperimentImports(
    IDbContextFactory<TrackingDb> databases, MetricWriter metrics, DivergenceJudge judge, DeviceInventory devices, RunFeed feed, DataFolder folder,
    Artifacts.ArtifactStore store, Artifacts.ArtifactDebts debts, ExperimentFileOptions options,
    StorageWatch storage, TimeProvider time) : IDisposable
{
    /// <summary>One at a time: two of the same file would both find its runs not there yet.</summary>
    private readonly SemaphoreSlim _turn = new(1);

    internal ExperimentFileOptions Options => options;

    public ExperimentImport Begin() => new(this, Path.Combine(folder.Imports, Guid.NewGuid().ToString("N")));

    /// <summary>For the start of the hub: nothing comes in yet.</summary>
    public async Task RemoveLeftoversAsync()
    {
        List<int> hidden;
        await using (var db = await databases.CreateDbContextAsync())
            hidden = await db.Experiments.IgnoreQueryFilters().Where(e => e.DeletedAt == Experiment.Arriving).Select(e => e.Id).ToListAsync();
        foreach (var id in hidden)
            await Writer.RemoveAsync(id);
        if (Directory.Exists(folder.Imports))
            Directory.Delete(folder.Imports, recursive: true);
    }

    public void Dispose() => _turn.Dispose();

    internal async Task<ImportResult> WriteAsync(ExperimentFileReader file, CheckedExperiment experiment, string incoming,
        CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        int? hidden = null;
        try
        {
            if (await ExistingAsync(experiment.Runs, cancellation) is { } exist)
                return new ImportResult(null, Problem: exist, RunsExist: true);
            var written = await Writer.WriteAsync(file, experiment, incoming, id => hidden = id, cancellation);
            hidden = null;
            await judge.JudgeAllAsync(CancellationToken.None);
            foreach (var run in experiment.Runs)
                feed.Publish(run, RunSignal.Existence);
            return new ImportResult(written, experiment.Runs.Count, experiment.LeftOut);
        }
        finally
        {
            // In an outage the removal waits for its end, and the person who imports is told at once.
            if (hidden is { } id && !await RemoveAsync(id))
                _ = RemoveLaterAsync(id);
            _turn.Release();
        }
    }

    /// <returns>false where the database or its disk does not take it now.</returns>
    private async Task<bool> RemoveAsync(int id)
    {
        try
        {
            await Writer.RemoveAsync(id);
            return true;
        }
        catch (Exception e) when (storage.Note(e))
        {
            return false;
        }
    }

    private async Task RemoveLaterAsync(int id)
    {
        try
        {
            await storage.UntilDoneAsync(() => Writer.RemoveAsync(id));
        }
        catch (Exception e) when (storage.TroubleOf(e) is not null)
        {
            // The hub ends before the outage does; the next start removes it.
        }
    }

    private ImportWriter Writer => new(databases, metrics, devices, store, debts, time);

    /// <summary>A run keeps its id wherever it goes, so it can be here only once.</summary>
    private async Task<string?> ExistingAsync(IReadOnlyList<RunId> runs, CancellationToken cancellation)
    {
        const int Named = 3;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (names, count, deleted) = (new List<string>(), 0, false);
        foreach (var some in runs.Chunk(500))
        {
            foreach (var run in await db.Runs.IgnoreQueryFilters().Where(run => some.Contains(run.Id))
                         .Select(run => new
                         {
                             run.Name,
                             Experiment = run.Experiment.Name,
                             Deleted = run.DeletedAt != null || run.Experiment.DeletedAt != null
                         }).ToListAsync(cancellation))
            {
                if (++count <= Named)
                    names.Add($"{run.Name} (in {run.Experiment}{(run.Deleted ? ", deleted" : "")})");
                deleted |= run.Deleted;
            }
        }

        if (count == 0)
            return null;
        var more = count > Named ? $" and {count - Named:N0} more" : "";
        return $"{(count == 1 ? "A run" : $"{count:N0} runs")} of this file {(count == 1 ? "is" : "are")} on this hub already: {string.Join(", ", names)}{more}. Nothing was imported, because a run can be here only once. "
            + (deleted
                ? "Restore what was deleted, or delete it for good: both under Deleted."
                : "To have it from the file again, delete it here first, and then for good under Deleted.");
    }
}

/// <summary>
/// An experiment that is coming in. Its file is written to a folder of its own; only when all of it was looked through does anything reach the
/// database. Whatever else happens, disposing leaves nothing.
/// </summary>
public sealed class ExperimentImport : IDisposable
{
    private readonly ExperimentImports _imports;
    private readonly string _folder;
    private bool _tooManyEntries;

    internal ExperimentImport(ExperimentImports imports, string folder)
    {
        (_imports, _folder) = (imports, folder);
        DataFolder.Create(folder);
    }

    private string ReceivedPath => Path.Combine(_folder, "received.zip");

    /// <summary>Writes the file as it is sent.</summary>
    /// <returns>It is read no further than the limit, and than the disk takes it.</returns>
    public async Task<Reception> ReceiveAsync(Stream content, CancellationToken cancellation)
    {
        var entries = new EntryCount();
        await using var file = OwnFile.CreateNew(ReceivedPath, isAsync: true);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            for (int read; (read = await content.ReadAsync(buffer, cancellation)) > 0;)
            {
                if (file.Position + read > _imports.Options.MaxBytes)
                    return new Reception(false);
                entries.Add(buffer.AsSpan(0, read));
                try
                {
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
                }
                catch (IOException full)
                {
                    return new Reception(false, Reason(full));
                }
            }

            _tooManyEntries = entries.Count > ExperimentFileFormat.MaxEntries;
            return new Reception(true);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Looks through everything, and takes the experiment in.</summary>
    public async Task<ImportResult> CommitAsync(CancellationToken cancellation)
    {
        if (_tooManyEntries)
            return new ImportResult(null, Problem: $"It has more than {ExperimentFileFormat.MaxEntries:N0} entries. A hub does not export that.");
        try
        {
            await using var received = OwnFile.OpenRead(ReceivedPath);
            // Reading through gigabytes takes a while, and nothing of it waits.
            return await Task.Run(async () =>
            {
                using var file = new ExperimentFileReader(received, _imports.Options.MaxBytes);
                return await _imports.WriteAsync(file, new ImportCheck(file, _folder).Run(cancellation), _folder, cancellation);
            }, cancellation);
        }
        catch (BadExperimentFileException bad)
        {
            return new ImportResult(null, Problem: bad.Message);
        }
        catch (IOException full)
        {
            return new ImportResult(null, StorageProblem: Reason(full));
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The system's words without the path, which says nothing to the person who imports.</summary>
    private static string Reason(IOException failure) => failure.Message.Split(" : ")[0].TrimEnd('.');
}
