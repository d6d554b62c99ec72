namespace ExperimentHub.Trainer;

/// <summary>
/// How many steps are trained in one go: so many that calling costs nothing, so few that a stop is answered and progress is told in time. It follows the
/// clock, and no number depends on it.
/// </summary>
internal sealed class BlockPace
{
    private static readonly TimeSpan Aim = TimeSpan.FromMilliseconds(60);

    // A block may be four times as long as the one before: the first ones are slow, because torch looks at the program before it hurries.
    private const int Growth = 4;

    private int _steps = 1;

    /// <param name="left">Steps left in the epoch, at least 1.</param>
    public int Next(int left) => Math.Min(_steps, left);

    public void Took(int steps, TimeSpan time)
    {
        var wanted = Aim / time * steps;
        _steps = (int)Math.Clamp(wanted, 1, (double)steps * Growth);
    }
}
