using AngleSharp.Dom;
using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Web.Schedules;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Schedules;

public sealed class ScheduleFormPageTests
{
    [Fact]
    public async Task NewSchedule_Untouched_ShowsTheViewersZoneFiveTimesAndNoError()
    {
        await using var pages = await HubPages.OpenAsync();
        var experiment = await pages.ExperimentAsync();
        pages.ViewerZone("Asia/Tokyo");
        pages.Visit($"/schedules/new?experiment={experiment}");
        var page = pages.Render<ScheduleFormPage>();
        Assert.Equal("Asia/Tokyo", Field(page, "Time zone").GetAttribute("value"));
        var times = page.FindAll("ol li");
        Assert.Equal(5, times.Count);
        Assert.All(times, time => Assert.Contains("UTC+09:00", time.TextContent, StringComparison.Ordinal));
        Assert.Empty(page.FindAll("[aria-invalid=true]"));
        Assert.Empty(page.FindAll(".mud-input-error"));
    }

    [Fact]
    public async Task NewSchedule_BrowserNamesAnUnknownZone_TakesTheServers()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.ExperimentAsync();
        pages.ViewerZone("Mars/Olympus");
        var page = pages.Render<ScheduleFormPage>();
        Assert.Equal(ZonedTimes.ServerZone, Field(page, "Time zone").GetAttribute("value"));
        Assert.Empty(page.FindAll("[aria-invalid=true]"));
    }

    [Fact]
    public async Task NewSchedule_ExperimentTypedInAnotherCompositionAndCase_IsThatExperiment()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = (await pages.Hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("\u00c9t\u00e9", "", new TrainingSpec()))).Id;
        var page = pages.Render<ScheduleFormPage>();
        await page.InvokeAsync(() => page.FindComponents<MudAutocomplete<string>>()[0].Instance.ValueChanged.InvokeAsync("e\u0301TE\u0301"));
        Assert.Contains($"experiment={id}", pages.Address, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Keep mine", false)]
    [InlineData("Take theirs", true)]
    [InlineData("Go on editing", true)]
    public async Task EditSchedule_SavedByTwo_ShowsBothAndDoesWhatIsChosen(string choice, bool newSeed)
    {
        await using var pages = await HubPages.OpenAsync();
        var (id, store) = (await pages.ScheduleAsync(), pages.Hub.Get<ScheduleStore>());
        pages.Visit($"/schedules/{id}/edit");
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<ScheduleFormPage>(parameters => parameters.Add(p => p.Id, id));
        await page.Find("input[type=checkbox]").ChangeAsync(new() { Value = false }); // the same seed each night
        await store.UpdateAsync(id, new ScheduleDraft("45 3 * * *", "Asia/Tokyo"));
        page.WaitForAssertion(() => Assert.Contains("Somebody saved this schedule meanwhile", page.Markup, StringComparison.Ordinal));
        Assert.Contains("version=1", pages.Address, StringComparison.Ordinal); // so that a reload remembers what it began from
        var saving = page.Find("form").SubmitAsync();
        dialogs.WaitForAssertion(() => Assert.Equal(["when", "seed"], dialogs.FindAll(".differences dt").Select(name => name.TextContent)));
        await dialogs.FindAll("button").Single(button => button.TextContent.Trim() == choice).ClickAsync();
        await saving;
        var now = (await store.FindAsync(id))!.Schedule;
        Assert.Equal((newSeed ? "45 3 * * *" : "30 2 * * *", newSeed), (now.CronTyped, now.NewSeedEachTime));
    }

    [Fact]
    public async Task NewSchedule_NoExperimentChosen_SaysSoOnlyWhenSaved()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.ExperimentAsync();
        var page = pages.Render<ScheduleFormPage>();
        Assert.DoesNotContain("Choose the experiment", page.Markup, StringComparison.Ordinal);
        await page.Find("form").SubmitAsync();
        page.WaitForAssertion(() => Assert.Contains("Choose the experiment to retrain.", page.Markup, StringComparison.Ordinal));
        Assert.Empty(await pages.Hub.Get<ScheduleStore>().ListAsync());
    }

    [Fact]
    public async Task NewSchedule_WrongTime_ShowsTheReasonAndKeepsTheText()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit($"/schedules/new?experiment={await pages.ExperimentAsync()}&zone=Europe/Berlin");
        var page = pages.Render<ScheduleFormPage>();
        await Field(page, "Time (HH:mm)").InputAsync("25:00");
        page.WaitForAssertion(() => Assert.Contains("'25:00' is not a time of day.", page.Markup, StringComparison.Ordinal));
        Assert.Equal("25:00", Field(page, "Time (HH:mm)").GetAttribute("value"));
        Assert.Empty(page.FindAll("ol li"));
        await page.Find("form").SubmitAsync();
        Assert.Empty(await pages.Hub.Get<ScheduleStore>().ListAsync());
    }

    [Fact]
    public async Task NewSchedule_ChosenDays_IsSavedAndOpensTheSchedule()
    {
        await using var pages = await HubPages.OpenAsync();
        var experiment = await pages.ExperimentAsync();
        pages.Visit($"/schedules/new?experiment={experiment}&zone=Europe/Berlin");
        var page = pages.Render<ScheduleFormPage>();
        await page.Find("input[value=ChosenDays]").ChangeAsync("ChosenDays");
        Assert.Contains("Choose at least one day.", page.Markup, StringComparison.Ordinal);
        await page.Find("input[aria-label=Tuesday]").ChangeAsync(true);
        await page.Find("input[aria-label=Sunday]").ChangeAsync(true);
        Assert.Equal(["Tuesday and Sunday at 02:30", "30 2 * * 0,2"], page.FindAll(".means dd").Select(word => word.TextContent));
        Assert.All(page.FindAll("ol li"), time => Assert.Matches("^(Tue|Sun) ", time.TextContent));

        var form = page.Find("form");
        await Task.WhenAll(form.SubmitAsync(), form.SubmitAsync());
        var saved = Assert.Single(await pages.Hub.Get<ScheduleStore>().ListAsync()).Schedule;
        Assert.Equal((experiment, "30 2 * * 0,2", "Europe/Berlin", true, true),
            (saved.ExperimentId, saved.CronTyped, saved.TimeZone, saved.Enabled, saved.NewSeedEachTime));
        Assert.EndsWith($"/schedules/{saved.Id}", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewSchedule_SwitchedToOwnCron_KeepsWhatWasThere()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit($"/schedules/new?experiment={await pages.ExperimentAsync()}&cron=15 4 * * 1-5");
        var page = pages.Render<ScheduleFormPage>();
        Assert.True(page.Find("input[value=Workdays]").HasAttribute("checked"));
        await page.Find("input[value=Own]").ChangeAsync("Own");
        Assert.Equal("15 4 * * 1-5", Field(page, "Cron expression (minute hour day month weekday)").GetAttribute("value"));
        await Field(page, "Cron expression (minute hour day month weekday)").InputAsync("99 2 * * *");
        page.WaitForAssertion(() => Assert.Contains("no field has a value of 99", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task EditSchedule_OfAPlainShape_RecognisesItAndKeepsItOff()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.ScheduleAsync(new ScheduleDraft("0 5 14 31 * ?", "Europe/Berlin", Enabled: false, NewSeedEachTime: false));
        var page = pages.Render<ScheduleFormPage>(parameters => parameters.Add(form => form.Id, id));
        Assert.True(page.Find("input[value=DayOfMonth]").HasAttribute("checked"));
        Assert.Equal("31", Field(page, "Day of the month").GetAttribute("value"));
        await Field(page, "Time (HH:mm)").InputAsync("15:00");
        await page.Find("form").SubmitAsync();
        var saved = (await pages.Hub.Get<ScheduleStore>().FindAsync(id))!.Schedule;
        Assert.Equal(("0 15 31 * *", false, false), (saved.CronTyped, saved.Enabled, saved.NewSeedEachTime));
    }

    [Fact]
    public async Task NewSchedule_ArchivedExperiment_SaysThatItDoesNotFire()
    {
        await using var pages = await HubPages.OpenAsync();
        var experiment = await pages.ExperimentAsync();
        await pages.Hub.Get<ExperimentStore>().ArchiveAsync(experiment, archived: true);
        pages.Visit($"/schedules/new?experiment={experiment}");
        Assert.Contains("This experiment is archived.", pages.Render<ScheduleFormPage>().Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_NothingToSchedule_OffersTheWayOnAndNothingToSave()
    {
        await using var pages = await HubPages.OpenAsync();
        var empty = pages.Render<ScheduleFormPage>();
        Assert.Equal("experiments/new", empty.Find(".empty a").GetAttribute("href"));
        Assert.Empty(empty.FindAll("button[type=submit]"));
        Assert.Contains("There is no such schedule", pages.Render<ScheduleFormPage>(parameters => parameters.Add(form => form.Id, 99)).Markup,
            StringComparison.Ordinal);
    }

    private static IElement Field(IRenderedComponent<ScheduleFormPage> page, string label)
    {
        var target = page.FindAll("label[for]").Single(l => l.TextContent.Trim() == label).GetAttribute("for");
        return page.Find($"#{target}");
    }
}
