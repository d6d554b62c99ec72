using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Hub;

namespace ExperimentHub.Trainer.Tests.Hub;

public sealed class EventWriterTests
{
    [Fact]
    public void Held_HubDoesNotRead_CountsTheWait()
    {
        var wait = TimeSpan.FromMilliseconds(50);
        var events = new EventWriter(_ => Thread.Sleep(wait));
        events.Send(new Heartbeat());
        events.Send(new Heartbeat());
        Assert.True(events.Held >= 1.9 * wait, $"{events.Held}"); // a sleep may end a little before its time
    }
}
