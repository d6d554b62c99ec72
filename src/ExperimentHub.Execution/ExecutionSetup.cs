using System.Data.Common;
using ExperimentHub.Execution.Datasets;
using ExperimentHub.Execution.Devices;
using ExperimentHub.Execution.Nodes;
using ExperimentHub.Execution.Recovery;
using ExperimentHub.Execution.Schedules;
using ExperimentHub.Execution.Scheduling;
using ExperimentHub.Execution.Trainers;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Schedules;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quartz;

namespace ExperimentHub.Execution;

public static class ExecutionSetup
{
    /// <summary>Threads for jobs that do not train: the firing of a schedule and the housekeeping must not wait for a training to end.</summary>
    private const int SpareThreads = 2;

    /// <summary>The pool is sized before the devices are known; the limits of the execution groups do the real counting.</summary>
    private const int MostGpus = 16;

    /// <summary>
    /// Tries the schedule's database with a scheduler of its own, which is never started, before anything else opens it: the one that the hub uses
    /// cannot be made a second time.
    /// </summary>
    /// <returns>Why it cannot be used; null if it can.</returns>
    public static async Task<Exception?> TryScheduleAsync(DbProviderFactory driver, string connectionString, CancellationToken cancellation = default)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddQuartz(quartz => KeepIn(quartz, driver, connectionString));
        await using var provider = services.BuildServiceProvider();
        try
        {
            var scheduler = await provider.GetRequiredService<ISchedulerFactory>().GetScheduler(cancellation);
            await scheduler.Shutdown(false, cancellation);
            return null;
        }
        catch (SchedulerException e)
        {
            return e;
        }
    }

    /// <summary>Adds what makes queued runs happen. Quartz keeps its schedule in a database file of its own.</summary>
    /// <param name="services">The hub's services.</param>
    /// <param name="options">Checked by the caller.</param>
    /// <param name="driver">ADO.NET driver of the schedule's database.</param>
    /// <param name="connectionString">The schedule's database; its file exists and is in WAL mode.</param>
    public static IServiceCollection AddExecution(this IServiceCollection services, ExecutionOptions options, DbProviderFactory driver,
        string connectionString)
    {
        services.AddSingleton(options);
        services.AddSingleton<LivingTrainers>();
        services.AddSingleton<TrainerProgram>();
        services.AddSingleton<IHardware>(_ => new MachineHardware(Nvml.OfTheDriver()));
        services.AddSingleton<DeviceDetection>();
        services.AddSingleton<DeviceSlots>();
        services.AddSingleton<StartingPoints>();
        services.AddSingleton<GpuWatch>();
        services.AddSingleton<RecordingPace>();
        services.AddSingleton<KeptLogs>();
        services.AddSingleton<StandbyTrainer>();
        services.AddSingleton<RunSupervisor>();
        services.AddSingleton<RunTickets>();
        services.AddSingleton<HeldAttempts>();
        services.AddSingleton<NodePulse>();
        // Registered before Quartz: orphans are told apart before any ticket can fire.
        services.AddHostedService<Dispatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<NodePulse>());
        services.AddHostedService<DatasetFetching>();
        services.AddSingleton<IFireTimes, QuartzFireTimes>();
        services.AddSingleton<ScheduleTriggers>();
        services.AddHostedService(provider => provider.GetRequiredService<ScheduleTriggers>());
        services.AddSingleton<MissedSignals>();
        services.AddHostedService(provider => provider.GetRequiredService<MissedSignals>());
        services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(scheduler =>
            {
                scheduler.InstanceName = "ExperimentHub";
                scheduler.ShutdownJobInterruption = ShutdownJobInterruption.WhenWaitingForJobs;
            });
            quartz.UseDefaultThreadPool(options.CpuSlots + MostGpus * options.SlotsPerGpu + SpareThreads);
            // Nothing fires until the devices are known and Dispatcher sets the real limits.
            quartz.UseExecutionLimits(limits => limits.ForOtherGroups(0));
            KeepIn(quartz, driver, connectionString);
            quartz.AddJob<TrainRunJob>(job => job.WithIdentity(TrainRunJob.Key).StoreDurably());
            quartz.AddJob<RetrainJob>(job => job.WithIdentity(RetrainJob.Key).StoreDurably().RequestRecovery());
            quartz.AddJob<Housekeeping>(job => job.WithIdentity(Housekeeping.Key).StoreDurably());
            quartz.AddTrigger(trigger => trigger.ForJob(Housekeeping.Key).WithIdentity("housekeeping").WithSimpleSchedule(TimeSpan.FromMinutes(15)));
        });
        services.AddHealthChecks().AddCheck<SchedulerHealth>("scheduler", tags: ["ready"]);
        services.AddQuartzHostedService(hosted => hosted.WaitForJobsToComplete = true);
        services.Configure<HostOptions>(host =>
        {
            // Trainers get their grace, and what they say in it is recorded. A request that does not end must not take that time from them, so nobody
            // waits for anybody.
            host.ShutdownTimeout = options.ShutdownGrace + TimeSpan.FromSeconds(2);
            host.ServicesStopConcurrently = true;
        });
        return services;
    }

    /// <summary>What ends all trainers at once, for a hub that cannot wait for its own end any longer. Ask for it while the hub is well.</summary>
    public static Action TrainerKill(this IServiceProvider services) => services.GetRequiredService<LivingTrainers>().KillAll;

    private static void KeepIn(IQuartzBuilder quartz, DbProviderFactory driver, string connectionString) => quartz.UsePersistentStore(store =>
    {
        store.UseSqlite(driver, connectionString);
        store.ConfigureStore(jobs =>
        {
            jobs.StoreJobDataAsStrings = true;
            // A store whose end comes late must not keep the process alive.
            jobs.UseBackgroundThreads = true;
        });
        store.ProvisionSchema();
    });
}
