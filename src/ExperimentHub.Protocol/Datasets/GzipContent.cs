using System.Buffers.Binary;
using System.IO.Compression;

namespace ExperimentHub.Protocol.Datasets;

/// <summary>
/// What gunzip makes of a file: the content of all its members one after the other, with whatever fields their headers have (bgzip's), and with zeros
/// behind the last (from a tape or a block device). Each member's length and checksum are compared, and anything else behind the last is refused:
/// GZipStream passes over it, and over an end that is missing.
/// </summary>
/// <param name="file">Seekable; stands at the start of the first member. Is not closed.</param>
internal sealed class GzipContent(Stream file) : Stream
{
    /// <summary>bgzip makes one of each 64 KiB, so a gigabyte has 16,384; empty ones cost time and give nothing.</summary>
    public const int MaxMembers = 100_000;

    private const int Trailer = 8;

    // RFC 1952.
    private const byte Deflate = 8, HeaderChecksum = 2, Extra = 4, FileName = 8, Comment = 16, Reserved = 0xe0;

    private static readonly uint[] CrcTable =
        [.. Enumerable.Range(0, 256).Select(i => Enumerable.Range(0, 8).Aggregate((uint)i, (c, _) => (c & 1) != 0 ? 0xedb88320 ^ (c >> 1) : c >> 1))];

    private readonly long _length = file.Length;
    private Member? _member;
    private int _members;
    private bool _ended;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="InvalidDataException">A member is damaged or cut off.</exception>
    /// <exception cref="IdxFormatException">Something else lies behind the last one.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!_ended && buffer.Length > 0)
        {
            _member ??= Open();
            if (_member.Read(buffer) is > 0 and var read)
                return read;
            End(_member);
        }

        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _member?.Dispose();
        base.Dispose(disposing);
    }

    private Member Open()
    {
        if (++_members > MaxMembers)
            throw new IdxFormatException($"The file consists of more than {MaxMembers:N0} gzip files in a row. Compress it again in one.");
        Span<byte> header = stackalloc byte[10];
        Fill(header);
        if (header[0] != 0x1f || header[1] != 0x8b || header[2] != Deflate || (header[3] & Reserved) != 0)
            throw new InvalidDataException("A header of gzip is none.");
        var flags = header[3];
        if ((flags & Extra) != 0)
        {
            Fill(header[..2]);
            file.Seek(BinaryPrimitives.ReadUInt16LittleEndian(header), SeekOrigin.Current);
        }

        for (var texts = ((flags & FileName) != 0 ? 1 : 0) + ((flags & Comment) != 0 ? 1 : 0); texts > 0; texts--)
        {
            do
                Fill(header[..1]);
            while (header[0] != 0);
        }

        if ((flags & HeaderChecksum) != 0)
            Fill(header[..2]);
        return new Member(file);
    }

    private void Fill(Span<byte> bytes)
    {
        if (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new InvalidDataException("A header of gzip is cut off.");
    }

    /// <summary>
    /// A member's end is where its checksum and length stand, among the last bytes that were taken for decompressing. An empty one has eight zeros
    /// there and may have more of them before and behind, so what follows must be right too.
    /// </summary>
    private void End(Member member)
    {
        Span<byte> trailer = stackalloc byte[Trailer];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, member.Crc);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], (uint)member.Size);
        var from = member.TakenLast;
        var last = new byte[Math.Min(_length, member.Taken + Trailer) - from];
        file.Seek(from, SeekOrigin.Begin);
        file.ReadExactly(last);
        var (seen, zerosUntil) = (false, 0L);
        for (var i = 0; i + Trailer <= last.Length; i++)
        {
            if (!last.AsSpan(i).StartsWith(trailer))
                continue;
            seen = true;
            var next = from + i + Trailer;
            // The same zeros are not walked through for each place that might be the end.
            if (next >= zerosUntil)
                zerosUntil = ZerosUntil(next);
            _ended = zerosUntil == _length;
            if (_ended || IsMember(next))
            {
                file.Seek(next, SeekOrigin.Begin);
                member.Dispose();
                _member = null;
                return;
            }
        }

        if (!seen)
            throw new InvalidDataException("The end of a member does not fit its content.");
        throw new IdxFormatException(
            "The file goes on after its compressed content, with something that is neither gzip nor zeros. gunzip passes over it with a warning; "
                + "here it may be a sign of damage. "
            + "Unpack the file and send it so, or compress it anew.");
    }

    private long ZerosUntil(long position)
    {
        file.Seek(position, SeekOrigin.Begin);
        var block = new byte[1 << 13];
        for (int read; (read = file.Read(block)) > 0; position += read)
        {
            if (block.AsSpan(0, read).IndexOfAnyExcept((byte)0) is >= 0 and var other)
                return position + other;
        }

        return position;
    }

    private bool IsMember(long position)
    {
        file.Seek(position, SeekOrigin.Begin);
        return file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
    }

    /// <summary>One member, from behind its header.</summary>
    private sealed class Member : IDisposable
    {
        private readonly Counted _source;
        private readonly DeflateStream _deflate;
        private uint _crc = uint.MaxValue;

        public Member(Stream file)
        {
            _source = new Counted(file);
            _deflate = new DeflateStream(_source, CompressionMode.Decompress);
        }

        public uint Crc => ~_crc;
        public long Size { get; private set; }

        /// <summary>Where the file stood before the last bytes were taken; its end cannot lie further back than a few of those before.</summary>
        public long TakenLast => _source.TakenLast;

        /// <summary>Where the file stood after them.</summary>
        public long Taken => _source.Taken;

        public int Read(Span<byte> buffer)
        {
            var read = _deflate.Read(buffer);
            foreach (var one in buffer[..read])
                _crc = CrcTable[(byte)(_crc ^ one)] ^ (_crc >> 8);
            Size += read;
            return read;
        }

        public void Dispose() => _deflate.Dispose();
    }

    /// <summary>The file, watched: DeflateStream takes more than it needs and does not say how much.</summary>
    private sealed class Counted(Stream file) : Stream
    {
        // What the decompressor may hold back of one reading while it takes the next.
        private const int HeldBack = 16;

        private readonly long _start = file.Position;

        public long TakenLast { get; private set; } = file.Position;
        public long Taken { get; private set; } = file.Position;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = file.Read(buffer);
            if (read > 0)
                (TakenLast, Taken) = (Math.Max(_start, Taken - HeldBack), Taken + read);
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
