using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.Tracking.Tests.Experiments;

public sealed class SettingsHistoryTests
{
    [Fact]
    public async Task Settings_ChangedAndTakenBack_AreAllThere()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var store = hub.Get<ExperimentStore>();
        var id = (await store.CreateAsync(new ExperimentDraft("e", "", new TrainingSpec { Epochs = 7 }))).Id!.Value;
        await store.UpdateAsync(id, new ExperimentChange(DefaultSpec: new TrainingSpec { Epochs = 30 }, Note: "those of best"));
        await store.UpdateAsync(id, new ExperimentChange(Description: "no other settings"));
        await store.UpdateAsync(id, new ExperimentChange(DefaultSpec: new TrainingSpec { Epochs = 30 })); // the same again is no change
        await store.UpdateAsync(id, new ExperimentChange(DefaultSpec: new TrainingSpec { Epochs = 7 }, Note: "back to v1"), by: SettingsOrigin.Api);
        var history = await store.SettingsHistoryAsync(id, 10);
        Assert.Equal([(3, 7, SettingsOrigin.Api, "back to v1"), (2, 30, SettingsOrigin.Page, "those of best"), (1, 7, SettingsOrigin.Page, null)],
            history.Select(change => (change.Number, change.Spec.Epochs, change.By, change.Note)));
        Assert.Equal(2, (await store.SettingsHistoryAsync(id, 2)).Count);
    }

    [Fact]
    public async Task Settings_OfAnExperimentThatARunMade_BeginWithThoseOfTheRun()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run =
            await hub.ReadAsync(
                (await hub.Queue.EnqueueAsync(new RunRequest("fresh", null, new TrainingSpec { Epochs = 3 }, Trigger: RunTrigger.Api))).Run!.Value);
        var first = Assert.Single(await hub.Get<ExperimentStore>().SettingsHistoryAsync(run.ExperimentId, 10));
        Assert.Equal((1, 3, SettingsOrigin.Api), (first.Number, first.Spec.Epochs, first.By));
    }

    [Fact]
    public async Task Settings_OfAnOlderHub_BeginWithWhatTheyAre()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"experimenthub-older-{Guid.NewGuid():N}");
        try
        {
            await using (var old = await EmptyHub.CreateAsync(existing: folder))
            {
                await old.EnqueueAsync(new TrainingSpec { Epochs = 9 });
                await using var db = await old.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
                await db.GetService<IMigrator>().MigrateAsync("TrainingControl");
            }

            await using var hub = await EmptyHub.CreateAsync(existing: folder);
            var experiment = (await hub.Get<ExperimentStore>().FindAsync("tutorial"))!;
            var first = Assert.Single(await hub.Get<ExperimentStore>().SettingsHistoryAsync(experiment.Id, 10));
            Assert.Equal((1, 9, SettingsOrigin.Earlier, DateTimeKind.Utc), (first.Number, first.Spec.Epochs, first.By, first.At.Kind));
            Assert.InRange(first.At, DateTime.UtcNow.AddHours(-1), DateTime.UtcNow);
            Assert.Equal((1, 1), (experiment.Version, experiment.SettingsVersion));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
