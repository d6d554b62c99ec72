using Bunit;
using ExperimentHub.Tracking.Schedules;

namespace ExperimentHub.Web.Tests.Schedules;

/// <summary>What the tests of the schedules' pages begin with.</summary>
internal static class SchedulesOfAHub
{
    private static readonly ScheduleDraft Nightly = new("30 2 * * *", "Asia/Tokyo");

    /// <summary>An experiment with one run that waits.</summary>
    public static async Task<int> ExperimentAsync(this HubPages pages) => (await pages.Hub.ReadAsync(await pages.Hub.EnqueueAsync())).ExperimentId;

    public static async Task<int> ScheduleAsync(this HubPages pages, ScheduleDraft? draft = null) =>
        (await pages.Hub.Get<ScheduleStore>().CreateAsync(await pages.ExperimentAsync(), draft ?? Nightly)).Id!.Value;

    /// <summary>What the browser answers when asked for its zone.</summary>
    public static void ViewerZone(this HubPages pages, string zone) =>
        pages.JSInterop.SetupModule("/js/viewer.js").Setup<string?>("timeZone").SetResult(zone);
}
