using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Hub;

namespace ExperimentHub.Trainer.Tests;

/// <summary>Receives what a trainer says, through the same JSON lines as the hub.</summary>
internal sealed class RecordedEvents
{
    private readonly Action<TrainerEvent> _onEvent;

    public RecordedEvents(Action<TrainerEvent>? onEvent = null)
    {
        _onEvent = onEvent ?? (_ => { });
        Writer = new EventWriter(Receive);
    }

    public EventWriter Writer { get; }

    public List<TrainerEvent> All { get; } = [];

    public IEnumerable<T> Of<T>() where T : TrainerEvent => All.OfType<T>();

    private void Receive(string line)
    {
        var received = ProtocolJson.Read<TrainerEvent>(line);
        All.Add(received);
        _onEvent(received);
    }
}
