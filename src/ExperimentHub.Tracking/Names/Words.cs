namespace ExperimentHub.Tracking.Names;

/// <summary>What a file says of itself, cut so that it fits into a sentence.</summary>
internal static class Words
{
    private const int MaxLength = 100;

    public static string Short(string text)
    {
        var plain = new string([.. text.Take(MaxLength).Select(c => char.IsControl(c) ? '?' : c)]);
        return text.Length > MaxLength ? plain + "…" : plain;
    }
}
