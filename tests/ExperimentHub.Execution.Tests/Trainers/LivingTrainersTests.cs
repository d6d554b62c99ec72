using System.Diagnostics;
using System.Globalization;
using ExperimentHub.Execution.Trainers;
using ExperimentHub.Tracking;
using Microsoft.Extensions.Logging.Abstractions;

namespace ExperimentHub.Execution.Tests.Trainers;

/// <summary>Who is ended with a trainer, and who is ended by the next hub: all that are ours, in whatever state they are, and nobody else.</summary>
public sealed class LivingTrainersTests : IDisposable
{
    private readonly DataFolder _folder = new(Path.Combine(Path.GetTempPath(), $"living-trainers-{Guid.NewGuid():N}"));
    private readonly List<Process> _started = [];

    private string Noted => Path.Combine(_folder.Root, "trainers");

    [Theory]
    [InlineData("exec sleep 600")]
    [InlineData("kill -STOP $$; sleep 600")]
    [InlineData("trap '' TERM INT HUP; while true; do sleep 1; done")]
    [InlineData("sh -c 'sleep 600; true' & sleep 600")]
    public async Task EndLeftovers_WhateverStateTheyAreIn_AllAreGone(string script)
    {
        var trainer = await StartAsync(script);
        var family = Processes.ChildrenOf(trainer.Id).SelectMany(child => Processes.ChildrenOf(child).Prepend(child)).Prepend(trainer.Id).ToList();
        Hub().Enter(trainer);

        Assert.Equal(1, Hub().EndLeftovers());

        foreach (var process in family)
            await Processes.WaitForEndAsync(process, TimeSpan.FromSeconds(20));
        Assert.Empty(Directory.EnumerateFiles(Noted));
    }

    [Fact]
    public async Task EndLeftovers_NumberBelongsToSomebodyElseNow_IsLeftAlone()
    {
        var other = await StartAsync("exec sleep 600");
        Hub().Enter(other with { Started = other.Started - 1 });
        Assert.Equal(0, Hub().EndLeftovers());
        Assert.True(other.Lives);
        Assert.Empty(Directory.EnumerateFiles(Noted));
    }

    [Fact]
    public async Task EndLeftovers_NotedBeforeTheMachineStartedAnew_IsLeftAlone()
    {
        var other = await StartAsync("exec sleep 600");
        Hub().Enter(other);
        var note = Directory.EnumerateFiles(Noted).Single();
        await File.WriteAllTextAsync(note, $"{Guid.NewGuid()} {other.Started.ToString(CultureInfo.InvariantCulture)}",
            TestContext.Current.CancellationToken);
        Assert.Equal(0, Hub().EndLeftovers());
        Assert.True(other.Lives);
    }

    [Fact]
    public async Task EndLeftovers_NotesThatAreNone_AreRemoved()
    {
        DataFolder.Create(Noted);
        foreach (var name in new[] { "x", "-1", "0", "1", "99999999999999" })
            await File.WriteAllTextAsync(Path.Combine(Noted, name), "garbage", TestContext.Current.CancellationToken);
        Assert.Equal(0, Hub().EndLeftovers());
        Assert.Empty(Directory.EnumerateFiles(Noted));
    }

    [Fact]
    public async Task Kill_LeaderOfASession_TakesAlsoWhoHasLostItsParent()
    {
        // The middle one ends at once, so that its child belongs to nobody but the session.
        var orphan = Path.Combine(_folder.Root, "orphan");
        var trainer = await StartAsync($"exec setsid sh -c '(sleep 600 & echo $! > {orphan}); kill -STOP $$'");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!File.Exists(orphan) || (await File.ReadAllTextAsync(orphan, limit.Token)).Length == 0)
            await Task.Delay(5, limit.Token);
        var child = int.Parse(await File.ReadAllTextAsync(orphan, TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        trainer.KillWithDescendants();
        await Processes.WaitForEndAsync(trainer.Id, TimeSpan.FromSeconds(20));
        await Processes.WaitForEndAsync(child, TimeSpan.FromSeconds(20));
    }

    public void Dispose()
    {
        foreach (var process in _started)
        {
            process.Kill();
            process.Dispose();
        }

        Directory.Delete(_folder.Root, recursive: true);
    }

    private LivingTrainers Hub() => new(_folder, NullLogger<LivingTrainers>.Instance);

    /// <summary>Starts a script and waits until it has begun.</summary>
    private async Task<SystemProcess> StartAsync(string script)
    {
        var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"echo; {script}"]) { RedirectStandardOutput = true })!;
        _started.Add(process);
        await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        return SystemProcess.Find(process.Id)!.Value;
    }
}
