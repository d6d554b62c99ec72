using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Experiments;

/// <summary>Names that the hub chooses: whoever asks for none never hears that it is taken.</summary>
public sealed class ChosenNamesTests
{
    private const int AtOnce = 10;

    [Fact]
    public async Task Clone_ManyAtOnceWithoutAName_EachGetsAFreeOne()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var store = hub.Get<ExperimentStore>();
        var id = (await store.CreateAsync(new ExperimentDraft("digits", "", new TrainingSpec()))).Id!.Value;
        var clones = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(() => store.CloneAsync(id))));
        Assert.All(clones, clone => Assert.Empty(clone!.Problems));
        var names = (await store.ListAsync()).Select(row => row.Experiment.Name).Order(StringComparer.Ordinal);
        Assert.Equal(new[] { "digits", "digits copy" }.Concat(Enumerable.Range(2, AtOnce - 1).Select(number => $"digits copy {number}"))
            .Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public async Task Clone_NameThatAPersonChose_IsRefusedWhereItIsTaken()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var store = hub.Get<ExperimentStore>();
        var id = (await store.CreateAsync(new ExperimentDraft("digits", "", new TrainingSpec()))).Id!.Value;
        Assert.Equal("name", Assert.Single((await store.CloneAsync(id, "Digits"))!.Problems).Field);
    }

    [Fact]
    public async Task Create_ProposedNameTakenMeanwhile_TakesTheNextOfItsKind()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var store = hub.Get<ExperimentStore>();
        var longName = new string('x', Experiment.MaxNameLength - 5) + " copy";
        foreach (var name in new[] { "digits copy 2", longName })
        {
            await store.CreateAsync(new ExperimentDraft(name, "", new TrainingSpec()));
            Assert.Empty((await store.CreateAsync(new ExperimentDraft(name, "", new TrainingSpec()), anyName: true)).Problems);
        }

        Assert.NotNull(await store.FindAsync("digits copy 3"));
        Assert.All((await store.ListAsync()).Select(row => row.Experiment.Name), name => Assert.True(name.Length <= Experiment.MaxNameLength, name));
    }

    [Fact]
    public async Task Enqueue_ManyAtOnceOfAnUnknownExperiment_MakeItOnce()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(i => Task.Run(() =>
            hub.Queue.EnqueueAsync(new RunRequest(i % 2 == 0 ? "fresh" : "FRESH", null, new TrainingSpec())))));
        Assert.All(results, result => Assert.Empty(result.Problems));
        Assert.Equal(AtOnce, Assert.Single(await hub.Get<ExperimentStore>().ListAsync()).Runs);
    }
}
