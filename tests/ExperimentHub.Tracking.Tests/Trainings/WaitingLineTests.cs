using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class WaitingLineTests
{
    [Fact]
    public async Task WaitingLine_OfAGroup_IsInTheQueuesOrderAndSaysWhy()
    {
        await using var hub = await EmptyHub.CreateAsync();
        hub.Devices.Report = EmptyHub.OneCpu;
        await hub.EnqueueAsync(name: "first");
        await hub.EnqueueAsync(new TrainingSpec { Device = "cuda" }, name: "elsewhere");
        await hub.EnqueueAsync(name: "second");
        var moved = await hub.EnqueueAsync(name: "moved to the front");
        await using (var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            await db.Trainings.Where(t => t.Run.Id == moved).ExecuteUpdateAsync(set => set.SetProperty(t => t.QueuePosition, 0));

        var line = hub.Get<WaitingLine>();
        var cpu = await line.ListAsync("cpu", 2);
        Assert.Equal(3, cpu.Total);
        Assert.Equal([("moved to the front", 1, "Next in line for the CPU."), ("first", 2, "Waiting for the CPU; 1 run ahead.")],
            cpu.Items.Select(item => (item.Run.Name, item.Position, item.Why)));
        var cuda = Assert.Single((await line.ListAsync("cuda", 10)).Items);
        Assert.Contains("No CUDA GPU can be used on this machine.", cuda.Why, StringComparison.Ordinal);
    }
}
