namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>
/// Counts in passing the places that could begin an entry of a zip's directory. There are never fewer than it has entries, whatever the file says of
/// itself; reading that directory to count them would take the memory that the limit is there to save. In weights the four bytes come up by chance
/// once in 4 GiB.
/// </summary>
internal sealed class EntryCount
{
    private const int Overlap = 3;

    private readonly byte[] _tail = new byte[Overlap];
    private int _kept;

    private static ReadOnlySpan<byte> Signature => "PK\x01\x02"u8;

    public int Count { get; private set; }

    public void Add(ReadOnlySpan<byte> piece)
    {
        // What lies across two pieces needs a byte of the one before, so it is not counted twice.
        ReadOnlySpan<byte> seam = [.. _tail.AsSpan(0, _kept), .. piece[..Math.Min(Overlap, piece.Length)]];
        Count += seam.Count(Signature) + piece.Count(Signature);
        var rest = piece.Length >= Overlap ? piece : seam;
        _kept = Math.Min(Overlap, rest.Length);
        rest[^_kept..].CopyTo(_tail);
    }
}
