using System.Buffers.Binary;

namespace ExperimentHub.Execution.Tests.Schedules;

/// <summary>
/// A zone's changes as its file of the IANA database lists them (RFC 9636), read without TimeZoneInfo: an independent witness, up to the last
/// change that the file lists.
/// </summary>
internal sealed class ZoneFile
{
    private const string Folder = "/usr/share/zoneinfo";

    private readonly List<(long At, int Offset)> _changes = [];
    private readonly int _first;

    private ZoneFile(byte[] bytes)
    {
        // The first block has 32-bit times and is skipped; the second has the same header and 64-bit times.
        var header = 44;
        var skipped = Count(bytes, 32) * 5 + Count(bytes, 36) * 6 + Count(bytes, 40) + Count(bytes, 28) * 8 + Count(bytes, 24) + Count(bytes, 20);
        var block = header + skipped;
        var (changes, types) = (Count(bytes, block + 32), Count(bytes, block + 36));
        var times = block + header;
        var indices = times + changes * 8;
        var kinds = indices + changes;
        int Offset(int type) => BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(kinds + type * 6));
        _first = types == 0 ? 0 : Offset(0);
        for (var i = 0; i < changes; i++)
            _changes.Add((BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(times + i * 8)), Offset(bytes[indices + i])));
    }

    public static bool Exists => Directory.Exists(Folder);

    public static ZoneFile Read(string zone) => new(File.ReadAllBytes(Path.Combine(Folder, zone)));

    public IReadOnlyList<DateTimeOffset> Changes =>
        [.. _changes.Where(change => change.At > -4_000_000_000).Select(change => DateTimeOffset.FromUnixTimeSeconds(change.At))];

    public TimeSpan OffsetAt(DateTimeOffset moment)
    {
        var index = _changes.FindLastIndex(change => change.At <= moment.ToUnixTimeSeconds());
        return TimeSpan.FromSeconds(index < 0 ? _first : _changes[index].Offset);
    }

    private static int Count(byte[] bytes, int at) => BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
}
