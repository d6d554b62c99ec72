using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Runs;

/// <summary>
/// Runs that were chosen on a page, and that stand in its address. A choice counts at once and the address follows; until it does, an older address
/// on its way does not take the choice back.
/// </summary>
public sealed class AddressedSelection
{
    private string? _onItsWay;

    public IReadOnlyList<RunId> Runs { get; private set; } = [];

    /// <summary>For the address; null where nothing is chosen.</summary>
    public string? Text => Runs.Count == 0 ? null : RunSelection.Text(Runs);

    /// <summary>What the address says now.</summary>
    public void Read(string? text)
    {
        if (_onItsWay is null)
            Runs = RunSelection.Parse(text);
        else if (_onItsWay == (text ?? ""))
            _onItsWay = null;
    }

    /// <summary>Whoever calls this takes <see cref="Text"/> to the address.</summary>
    public void Choose(IReadOnlyList<RunId> runs)
    {
        if (runs.SequenceEqual(Runs))
            return;
        Runs = runs;
        _onItsWay = Text ?? "";
    }
}
