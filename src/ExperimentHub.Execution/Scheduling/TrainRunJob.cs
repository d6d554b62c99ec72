using ExperimentHub.Execution.Devices;
using ExperimentHub.Execution.Trainers;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.Hosting;
using Quartz;

namespace ExperimentHub.Execution.Scheduling;

/// <summary>
/// The job behind every ticket: claims the first waiting run of its group whose device is free, and trains it. Which run that is, the
/// database decides; the ticket only says "now, in this group".
/// </summary>
internal sealed class TrainRunJob(RunQueue queue, DeviceSlots slots, RunSupervisor supervisor, RunTickets tickets, StorageWatch storage,
    IHostApplicationLifetime host) : IJob
{
    public static readonly JobKey Key = new("train-run");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        // Quartz cancels the jobs that run when it shuts down, but not one that it starts in that very moment; the host's own token covers both.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, host.ApplicationStopping);
        if (stopping.IsCancellationRequested)
            return;
        var group = context.MergedJobDataMap.GetString(RunTickets.GroupKey)!;
        DeviceLease? lease = null;
        try
        {
            // The ticket is used up: what it is for is done, however long the database does not take it.
            var run = await storage.UntilDoneAsync(async () =>
            {
                try
                {
                    return await queue.ClaimAsync(group, request =>
                    {
                        lease?.Dispose();
                        return (lease = slots.TryTake(request)) is not null;
                    }, CancellationToken.None);
                }
                catch
                {
                    lease?.Dispose();
                    throw;
                }
            }, stopping.Token);
            if (run is null)
                return;
            lease!.Enter(run.Key.Run);
            // From here on the run is ours: it leaves this block with an ending, or the next start finds it orphaned.
            await supervisor.SuperviseAsync(run, lease.Device, stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The hub stops before anything was claimed.
        }
        finally
        {
            lease?.Dispose();
        }

        // The slot is free again. Tickets of runs that wait for this very device may have been used up while it was busy.
        if (!stopping.IsCancellationRequested)
            await NextAsync(group, stopping.Token);
    }

    private async Task NextAsync(string group, CancellationToken stopping)
    {
        try
        {
            await tickets.IssueNextAsync(group, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The next start issues them anew.
        }
    }
}
