using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// The columns of an encoded chunk, read where they lie. A chunk has no checksum: bytes that cannot be columns are refused with
/// <see cref="DamagedChunkException"/>, a flipped bit within a value is not noticed.
/// </summary>
internal readonly ref struct ChunkView
{
    private readonly ReadOnlySpan<byte> _values;
    private readonly ReadOnlySpan<byte> _differences;
    private readonly byte _flags;
    private readonly long _firstTime;

    public ChunkView(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < ChunkCodec.HeaderLength)
            throw new DamagedChunkException($"it has {bytes.Length} bytes, less than its header");
        if (bytes[0] != ChunkCodec.Version)
            throw new DamagedChunkException($"it says version {bytes[0]}, and {ChunkCodec.Version} is the only one");
        _flags = bytes[1];
        if (_flags > (ChunkCodec.EvenSteps | ChunkCodec.EvenTimes | ChunkCodec.SingleValues))
            throw new DamagedChunkException($"its flags are {_flags}");
        Count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        if (Count is 0 or > ChunkCodec.MaxPoints)
            throw new DamagedChunkException($"it says {Count} points");
        FirstStep = BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]);
        _firstTime = BinaryPrimitives.ReadInt64LittleEndian(bytes[12..]);
        var rest = bytes[ChunkCodec.HeaderLength..];
        var length = Count * (IsSingle ? sizeof(float) : sizeof(double));
        if (rest.Length < length)
            throw new DamagedChunkException($"its {Count} values are cut off");
        _values = rest[..length];
        _differences = rest[length..];
    }

    public int Count { get; }

    public long FirstStep { get; }

    /// <summary>Whether <see cref="Singles"/> holds the values; <see cref="Doubles"/> does otherwise.</summary>
    public bool IsSingle => (_flags & ChunkCodec.SingleValues) != 0;

    public ReadOnlySpan<float> Singles => MemoryMarshal.Cast<byte, float>(_values);

    public ReadOnlySpan<double> Doubles => MemoryMarshal.Cast<byte, double>(_values);

    public double ValueAt(int index) => IsSingle ? Singles[index] : Doubles[index];

    public void CopyValues(Span<double> into)
    {
        if (!IsSingle)
        {
            Doubles.CopyTo(into);
            return;
        }

        var singles = Singles;
        for (var i = 0; i < singles.Length; i++)
            into[i] = singles[i];
    }

    /// <summary>The distance of the steps where it is the same between all of them; it is 0 for a single point.</summary>
    public bool TryGetStride(out long stride)
    {
        stride = 0;
        if ((_flags & ChunkCodec.EvenSteps) == 0)
            return false;
        if (Count > 1)
            ReadVarint(_differences, 0, out stride);
        return true;
    }

    /// <returns>The bytes that the steps take.</returns>
    public int CopySteps(Span<long> into) => CopyColumn(_differences, FirstStep, (_flags & ChunkCodec.EvenSteps) != 0, into[..Count]);

    /// <summary>All three columns; what is not used up is damage.</summary>
    public void CopyColumns(Span<long> steps, Span<long> times, Span<double> values)
    {
        var used = CopySteps(steps);
        used += CopyColumn(_differences[used..], _firstTime, (_flags & ChunkCodec.EvenTimes) != 0, times[..Count]);
        if (used != _differences.Length)
            throw new DamagedChunkException($"{_differences.Length - used} bytes are left over");
        CopyValues(values);
    }

    private static int CopyColumn(ReadOnlySpan<byte> bytes, long first, bool even, Span<long> into)
    {
        into[0] = first;
        var offset = 0;
        var difference = 0L;
        for (var i = 1; i < into.Length; i++)
        {
            if (i == 1 || !even)
                offset = ReadVarint(bytes, offset, out difference);
            into[i] = unchecked(into[i - 1] + difference);
        }

        return offset;
    }

    private static int ReadVarint(ReadOnlySpan<byte> bytes, int offset, out long difference)
    {
        var zigzag = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (offset == bytes.Length)
                throw new DamagedChunkException("a column is cut off");
            var next = bytes[offset++];
            zigzag |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                difference = (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
                return offset;
            }
        }

        throw new DamagedChunkException("a number is longer than 64 bits");
    }
}
