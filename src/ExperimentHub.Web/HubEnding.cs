using System.Runtime.InteropServices;
using ExperimentHub.Execution;
using ExperimentHub.Protocol;

namespace ExperimentHub.Web;

/// <summary>
/// Hears that the hub is to end, from the first moment of its start to the last of its end, and keeps it within <see cref="Limit"/>. The host itself
/// listens only while it runs: a signal before that would end the process in the middle of anything, and one during its start would come out as an
/// exception.
/// </summary>
internal sealed class HubEnding : IDisposable
{
    /// <summary>
    /// From the signal to the end of the process. Whoever stops a hub (Docker, systemd, a person) waits ten seconds at most before they kill it.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(9.5);

    private readonly CancellationTokenSource _asked = new();
    private readonly List<PosixSignalRegistration> _signals;
    private readonly Lock _lock = new();
    private Thread? _limit;
    private Action _killTrainers = () => { };

    public HubEnding() =>
        _signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT,
            PosixSignal.SIGQUIT }.Select(signal => PosixSignalRegistration.Create(signal, Hear))];

    /// <summary>Cancelled as soon as the hub is to end.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <exception cref="OperationCanceledException">The hub is to end before it has started.</exception>
    public void ThrowIfAsked() => _asked.Token.ThrowIfCancellationRequested();

    /// <summary>Whether an exception says no more than that the hub is to end.</summary>
    public bool Explains(Exception e) => e is OperationCanceledException && _asked.IsCancellationRequested;

    /// <summary>
    /// Starts the hub and waits until it has ended. Nothing that goes wrong at the end comes out of it: it is logged, and the next start tells what
    /// became of the runs.
    /// </summary>
    public async Task RunAsync(WebApplication app)
    {
        _killTrainers = app.Services.TrainerKill();
        var logger = app.Services.GetRequiredService<ILogger<HubEnding>>();
        await using var stopping = _asked.Token.Register(app.Lifetime.StopApplication);
        try
        {
            await StartAsync(app);
            await app.WaitForShutdownAsync();
        }
        catch (Exception e) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            if (!Explains(e))
                logger.LogWarning(e, "The hub did not end as it should");
        }
    }

    public void Dispose()
    {
        _signals.ForEach(signal => signal.Dispose());
        _asked.Dispose();
    }

    private async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync(_asked.Token);
        }
        catch (Exception) when (_asked.IsCancellationRequested)
        {
            // What has started already is stopped in order.
            await app.StopAsync();
            throw;
        }
    }

    private void Hear(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (_lock)
        {
            if (_limit is not null)
                return;
            // A thread of its own: those of the pool may all be waiting for what cannot be had.
            _limit = new Thread(EndWhenItIsOver) { IsBackground = true, Name = "End of the hub" };
            _limit.Start();
        }

        _asked.Cancel();
    }

    /// <summary>
    /// Whatever still waits, for a database that is locked or a driver that hangs, waits no longer. Everything on the disk can be gone on from at any
    /// moment.
    /// </summary>
    private void EndWhenItIsOver()
    {
        Thread.Sleep(Limit);
        Console.Error.WriteLine(
            $"ExperimentHub did not end within {Limit.TotalSeconds:0.0} s and ends at once. The next start tells what became of its runs.");
        _killTrainers();
        ThisProcess.EndAtOnce(0);
    }
}
