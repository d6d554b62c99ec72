using System.Diagnostics;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Hub;
using Microsoft.Extensions.Time.Testing;

namespace ExperimentHub.Trainer.Tests.Hub;

public sealed class TimedBeatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TimedBeat_WorkThatHangs_FallsSilentAfterTheLimit()
    {
        var (time, beats) = (new FakeTimeProvider(), 0);
        using var beat = new TimedBeat(() => beats++, time);

        Pass(time, TimedBeat.Limit);
        var within = beats;
        Pass(time, TimedBeat.Limit);

        Assert.Equal((int)TimedBeat.Limit.TotalSeconds, within);
        Assert.Equal(within, beats);
    }

    [Fact]
    public void TimedBeat_WorkIsDone_BeatsNoMore()
    {
        var (time, beats) = (new FakeTimeProvider(), 0);
        var beat = new TimedBeat(() => beats++, time);
        Pass(time, TimeSpan.FromSeconds(3));

        beat.Dispose();
        Pass(time, TimeSpan.FromSeconds(3));

        Assert.Equal(3, beats);
    }

    [Fact]
    public void TimedBeat_HubIsGone_LetsTheWorkFindOut()
    {
        var (time, tries) = (new FakeTimeProvider(), 0);
        using var beat = new TimedBeat(() => throw new IOException($"broken pipe {++tries}"), time);

        Pass(time, TimeSpan.FromSeconds(3));

        Assert.Equal(1, tries);
    }

    /// <summary>A library on a disk that does not answer: opening a pipe that nobody writes to takes as long.</summary>
    [Fact]
    public async Task Load_LibraryThatDoesNotCome_BeatsMeanwhile()
    {
        foreach (var name in new[] { "libtorch_cpu.so", "libc10.so" })
        {
            using var mkfifo = Process.Start("mkfifo", Path.Combine(_folder.Path, name));
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var trainer = new TrainerProcess(new Dictionary<string, string> { ["EXPERIMENTHUB_LIBTORCH"] = _folder.Path });
        trainer.Say(TinyData.Start(_folder.Path));

        Assert.IsType<Preparing>(await trainer.NextAsync());
        Assert.IsType<Heartbeat>(await trainer.NextAsync());
        Assert.IsType<Heartbeat>(await trainer.NextAsync());
    }

    private static void Pass(FakeTimeProvider time, TimeSpan span)
    {
        for (var second = 0; second < span.TotalSeconds; second++)
            time.Advance(TimeSpan.FromSeconds(1));
    }
}
