namespace ExperimentHub.Tracking.Artifacts;

/// <summary>A part of a stream that can seek, as a stream of its own: from its first byte, with its length. Disposing disposes the whole.</summary>
internal sealed class StreamPart : Stream
{
    private readonly Stream _whole;
    private readonly long _from;

    /// <param name="from">A part that begins behind the end is empty.</param>
    /// <param name="length">No more than there is; null for all the rest.</param>
    public StreamPart(Stream whole, long from, long? length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfNegative(length ?? 0, nameof(length));
        (_whole, _from) = (whole, Math.Min(from, whole.Length));
        Length = Math.Min(length ?? long.MaxValue, whole.Length - _from);
        _whole.Position = _from;
    }

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length { get; }

    public override long Position
    {
        get => _whole.Position - _from;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _whole.Position = _from + value;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer) => _whole.Read(buffer[..Left(buffer.Length)]);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _whole.ReadAsync(buffer[..Left(buffer.Length)], cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => Position,
        _ => Length,
    };

    public override void Flush()
    {
        // Nothing is written here.
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await _whole.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _whole.Dispose();
        base.Dispose(disposing);
    }

    private int Left(int wanted) => (int)Math.Clamp(Length - Position, 0, wanted);
}
