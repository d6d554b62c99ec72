using System.Collections.Concurrent;
using System.ComponentModel;
using System.Text.Json;
using ExperimentHub.Execution.Trainers;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Datasets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Datasets;

/// <summary>
/// Fetches published data sets when somebody asks, each with a trainer process of its own that ends when it is no longer wanted or the hub stops.
/// </summary>
internal sealed class DatasetFetching(
    DatasetFetches fetches, TrainerProgram program, ExecutionOptions options, IHostApplicationLifetime hub, ILogger<DatasetFetching> logger)
    : IHostedService
{
    private readonly ConcurrentDictionary<Task, string> _fetching = new();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        fetches.Requested += Begin;
        return Task.CompletedTask;
    }

    /// <summary>Waits until the trainers are gone; the end of the hub has told them already.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        fetches.Requested -= Begin;
        await Task.WhenAll(_fetching.Keys).WaitAsync(cancellationToken);
    }

    private void Begin(DatasetInfo dataset, CancellationToken cancellation) => _ = BeginAsync(dataset, cancellation);

    private async Task BeginAsync(DatasetInfo dataset, CancellationToken cancellation)
    {
        var fetch = FetchAsync(dataset, cancellation);
        _fetching[fetch] = dataset.Key;
        await fetch;
        _fetching.TryRemove(fetch, out _);
    }

    private async Task FetchAsync(DatasetInfo dataset, CancellationToken cancellation)
    {
        using var unwanted = CancellationTokenSource.CreateLinkedTokenSource(cancellation, hub.ApplicationStopping);
        string? problem;
        try
        {
            problem = await FetchWithTrainerAsync(dataset, unwanted.Token);
        }
        catch (OperationCanceledException) when (unwanted.IsCancellationRequested)
        {
            problem = null;
        }
        catch (Exception e) when (e is TrainerMissingException or Win32Exception or IOException or JsonException)
        {
            logger.LogError(e, "Fetching {Dataset} failed", dataset.Key);
            problem = $"The trainer, which fetches data sets, could not be used: {e.Message}";
        }
        catch (Exception e)
        {
            // A bug of ours; nobody waits for this task, so this is where it is told.
            logger.LogError(e, "Fetching {Dataset} failed", dataset.Key);
            problem = $"The hub failed while it fetched the data set: {e.Message}";
        }

        fetches.End(dataset.Key, problem);
    }

    /// <returns>Why the data set is not here; null where it is.</returns>
    private async Task<string?> FetchWithTrainerAsync(DatasetInfo dataset, CancellationToken cancellation)
    {
        using var trainer = TrainerProcess.Start(program, ["--fetch", dataset.Key, options.DatasetFolder],
            line => logger.LogInformation("{Line}", line));
        await using var unwanted = cancellation.Register(trainer.Kill);
        TrainerEvent? last = null;
        while (await trainer.Lines.ReadAsync(cancellation) is { } line)
        {
            last = ProtocolJson.Read<TrainerEvent>(line.Text);
            if (last is Preparing preparing)
                fetches.Report(dataset.Key, preparing.Activity, preparing.Fraction);
        }

        cancellation.ThrowIfCancellationRequested();
        var code = await trainer.WaitForExitAsync(options.StopGrace);
        return last switch
        {
            TrainingFinished => null,
            TrainingFailed failed => $"{failed.Reason}\n{failed.Remedy}".TrimEnd(),
            _ => $"The trainer ended without a last word: {ExitCodes.Explain(code)}.",
        };
    }
}
