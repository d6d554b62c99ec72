using System.Globalization;

namespace ExperimentHub.TestHub;

/// <summary>
/// Where a test that tries what nobody thought of begins: somewhere else each time, or where EXPERIMENTHUB_TEST_SEED says, as in CI.
/// </summary>
public static class TestSeed
{
    /// <param name="say">Gets the seed, so that whoever sees the test fail can repeat it.</param>
    public static int Take(Action<string> say)
    {
        var set = Environment.GetEnvironmentVariable("EXPERIMENTHUB_TEST_SEED");
        var seed = int.TryParse(set, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        say($"seed {seed}; to repeat it: EXPERIMENTHUB_TEST_SEED={seed}");
        return seed;
    }
}
