using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// Packs up to <see cref="MaxPoints"/> points column by column, little-endian:
/// <code>
/// version u8 | flags u8 | count u16 | first step i64 | first time i64 | values | steps | times
/// </code>
/// Values are float32 where each of them comes back from it bit for bit (losses do: they were float32 before), else float64. Steps and times are
/// zigzag varints of the difference to the point before; a column whose differences are all the same holds that difference once.
/// </summary>
internal static class ChunkCodec
{
    /// <summary>So many points make a full chunk: at 5 bytes each one page of SQLite and a bit.</summary>
    public const int MaxPoints = 1024;

    internal const byte Version = 1;
    internal const byte EvenSteps = 1;
    internal const byte EvenTimes = 2;
    internal const byte SingleValues = 4;
    internal const int HeaderLength = 20;
    private const int MaxVarint = 10;

    /// <summary>No chunk of so many points is longer.</summary>
    public static int MaxLength(int count) => HeaderLength + count * (sizeof(double) + 2 * MaxVarint);

    /// <param name="steps">1 to <see cref="MaxPoints"/> of them; the other columns are as long.</param>
    /// <param name="into">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>The bytes written.</returns>
    public static int Encode(ReadOnlySpan<long> steps, ReadOnlySpan<long> times, ReadOnlySpan<double> values, Span<byte> into)
    {
        ArgumentOutOfRangeException.ThrowIfZero(steps.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps.Length, MaxPoints);
        ArgumentOutOfRangeException.ThrowIfNotEqual(times.Length, steps.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, steps.Length);

        var single = FitSingle(values);
        var evenSteps = AreEven(steps);
        var evenTimes = AreEven(times);
        into[0] = Version;
        into[1] = (byte)((evenSteps ? EvenSteps : 0) | (evenTimes ? EvenTimes : 0) | (single ? SingleValues : 0));
        BinaryPrimitives.WriteUInt16LittleEndian(into[2..], (ushort)steps.Length);
        BinaryPrimitives.WriteInt64LittleEndian(into[4..], steps[0]);
        BinaryPrimitives.WriteInt64LittleEndian(into[12..], times[0]);
        var length = HeaderLength;
        length += WriteValues(values, single, into[length..]);
        length += WriteDifferences(steps, evenSteps, into[length..]);
        length += WriteDifferences(times, evenTimes, into[length..]);
        return length;
    }

    private static bool FitSingle(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            // By bits, so that -0 and the payloads of NaN count.
            if (BitConverter.DoubleToInt64Bits((float)value) != BitConverter.DoubleToInt64Bits(value))
                return false;
        }

        return true;
    }

    private static int WriteValues(ReadOnlySpan<double> values, bool single, Span<byte> into)
    {
        if (!single)
        {
            MemoryMarshal.AsBytes(values).CopyTo(into);
            return values.Length * sizeof(double);
        }

        var singles = MemoryMarshal.Cast<byte, float>(into[..(values.Length * sizeof(float))]);
        for (var i = 0; i < values.Length; i++)
            singles[i] = (float)values[i];
        return values.Length * sizeof(float);
    }

    private static bool AreEven(ReadOnlySpan<long> column)
    {
        for (var i = 2; i < column.Length; i++)
        {
            if (unchecked(column[i] - column[i - 1]) != unchecked(column[1] - column[0]))
                return false;
        }

        return true;
    }

    private static int WriteDifferences(ReadOnlySpan<long> column, bool even, Span<byte> into)
    {
        var length = 0;
        for (var i = 1; i < (even ? Math.Min(2, column.Length) : column.Length); i++)
        {
            // Wraps round for far apart numbers, and wraps back when read.
            var difference = unchecked(column[i] - column[i - 1]);
            var zigzag = (ulong)((difference << 1) ^ (difference >> 63));
            for (; zigzag >= 0x80; zigzag >>= 7)
                into[length++] = (byte)(zigzag | 0x80);
            into[length++] = (byte)zigzag;
        }

        return length;
    }
}
