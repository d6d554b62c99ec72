using System.Buffers.Binary;

namespace ExperimentHub.Protocol.Datasets;

/// <summary>Grey images as an IDX file holds them: one byte per pixel, image after image, row after row.</summary>
public sealed record IdxImages(byte[] Pixels, int Count, int Height, int Width);

/// <summary>What the header of a file of images says, once it has proved to be true.</summary>
public sealed record IdxShape(int Count, int Height, int Width);

/// <summary>An IDX file cannot be used. The message says what is wrong and what is allowed.</summary>
public sealed class IdxFormatException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// Reads IDX files (the format of MNIST), plain or gzip-compressed as <see cref="GzipContent"/> says, from sources that may lie: every number is
/// checked before memory is taken for it, and the content must be exactly as long as the header says.
/// </summary>
public static class IdxReader
{
    public const int ImagesMagic = 0x0803;
    public const int LabelsMagic = 0x0801;
    public const int MaxCount = 10_000_000;
    public const int MaxSide = 4_096;

    /// <summary>The largest content of one file that is read into memory.</summary>
    public const long MaxBytes = 1L << 30;

    private const int ImagesHeader = 16;
    private const int LabelsHeader = 8;
    private const int CopyBlock = 1 << 17;

    // A stored byte of deflate never yields more than this many; RFC 1951's longest match per two bits.
    private const long MaxDeflateRatio = 1_032;

    /// <summary>Reads a file of images. The stream must be seekable and stand at the file's start.</summary>
    /// <exception cref="IdxFormatException">The content is not an IDX file of images within the limits.</exception>
    public static IdxImages ReadImages(Stream file)
    {
        using var content = new Content(file);
        var shape = ReadShape(content, stackalloc byte[ImagesHeader]);
        return new IdxImages(content.ReadRest(Pixels(shape), Words(shape)), shape.Count, shape.Height, shape.Width);
    }

    /// <summary>Checks a file of images and writes it uncompressed to another one, without holding it in memory.</summary>
    /// <param name="file">Seekable; stands at the file's start.</param>
    /// <param name="target">Holds what was read so far when this throws, and never more than the header promises.</param>
    /// <exception cref="IdxFormatException">The content is not an IDX file of images within the limits.</exception>
    public static IdxShape CopyImages(Stream file, Stream target)
    {
        using var content = new Content(file);
        Span<byte> header = stackalloc byte[ImagesHeader];
        var shape = ReadShape(content, header);
        target.Write(header);
        content.CopyRest(Pixels(shape), Words(shape), target);
        return shape;
    }

    /// <summary>
    /// Reads a file of labels, each 0 to <paramref name="classes"/> - 1. The stream must be seekable and stand at the file's start.
    /// </summary>
    /// <exception cref="IdxFormatException">The content is not an IDX file of labels within the limits.</exception>
    public static byte[] ReadLabels(Stream file, int classes)
    {
        using var content = new Content(file);
        Span<byte> header = stackalloc byte[LabelsHeader];
        content.ReadHeader(header, LabelsMagic, "labels");
        var count = Within(header[4..], "number of labels", MaxCount);
        var labels = content.ReadRest(count, $"{count} labels");
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] >= classes)
                throw new IdxFormatException($"Label {i} is {labels[i]}; labels must be from 0 to {classes - 1}.");
        }

        return labels;
    }

    /// <summary>Reads images with their labels and checks that there are as many of the one as of the other.</summary>
    /// <exception cref="IdxFormatException">One of the files is not usable, or they do not belong together.</exception>
    public static (IdxImages Images, byte[] Labels) ReadPair(Stream imagesFile, Stream labelsFile, int classes)
    {
        var images = ReadImages(imagesFile);
        var labels = ReadLabels(labelsFile, classes);
        if (images.Count != labels.Length)
            throw new IdxFormatException($"There are {images.Count} images but {labels.Length} labels; the numbers must be equal.");
        return (images, labels);
    }

    private static IdxShape ReadShape(Content content, Span<byte> header)
    {
        content.ReadHeader(header, ImagesMagic, "images");
        return new IdxShape(Within(header[4..], "number of images", MaxCount), Within(header[8..], "image height", MaxSide),
            Within(header[12..], "image width", MaxSide));
    }

    private static long Pixels(IdxShape shape) => checked((long)shape.Count * shape.Height * shape.Width);

    private static string Words(IdxShape shape) => $"{shape.Count} images of {shape.Height} x {shape.Width}";

    private static int Within(ReadOnlySpan<byte> field, string what, int max)
    {
        var value = BinaryPrimitives.ReadUInt32BigEndian(field);
        return value >= 1 && value <= max ? (int)value : throw new IdxFormatException($"The {what} is {value}; it must be from 1 to {max}.");
    }

    /// <summary>The uncompressed bytes of a file, read no further than its header promises.</summary>
    private sealed class Content : IDisposable
    {
        private readonly Stream _file, _bytes;
        private readonly bool _isGzip;

        public Content(Stream file)
        {
            _file = file;
            if (file.Length - file.Position == 0)
                throw new IdxFormatException("The file is empty.");
            Span<byte> start = stackalloc byte[2];
            var read = file.ReadAtLeast(start, 2, throwOnEndOfStream: false);
            file.Seek(-read, SeekOrigin.Current);
            _isGzip = read == 2 && start[0] == 0x1f && start[1] == 0x8b;
            _bytes = _isGzip ? new GzipContent(file) : file;
        }

        public void ReadHeader(Span<byte> header, int magic, string what)
        {
            if (Fill(header) < header.Length)
                throw new IdxFormatException($"The file ends inside its header of {header.Length} bytes.");
            var found = BinaryPrimitives.ReadUInt32BigEndian(header);
            if (found != magic)
                throw new IdxFormatException($"The file starts with 0x{found:x8}; a file of {what} starts with 0x{magic:x8}.");
        }

        public byte[] ReadRest(long length, string what)
        {
            RequireRoomFor(length, what);
            var rest = new byte[length];
            RequireAll(Fill(rest), length, what);
            RequireEnd(length, what);
            return rest;
        }

        public void CopyRest(long length, string what, Stream target)
        {
            RequireRoomFor(length, what);
            var block = new byte[Math.Min(length, CopyBlock)];
            for (var done = 0L; done < length;)
            {
                var part = block.AsSpan(0, (int)Math.Min(block.Length, length - done));
                var read = Fill(part);
                target.Write(part[..read]);
                done += read;
                if (read < part.Length)
                    RequireAll(done, length, what);
            }

            RequireEnd(length, what);
        }

        public void Dispose()
        {
            if (_isGzip)
                _bytes.Dispose();
        }

        private void RequireRoomFor(long length, string what)
        {
            if (length > MaxBytes)
                throw new IdxFormatException($"{what} are {length} bytes; at most {MaxBytes} are allowed.");
            var available = _isGzip ? (_file.Length - 10) * MaxDeflateRatio : _file.Length - _file.Position;
            if (available < length)
                throw new IdxFormatException(
                    $"The header promises {what}, which are {length} bytes, but the file cannot hold more than {Math.Max(0, available)}.");
        }

        private static void RequireAll(long read, long length, string what)
        {
            if (read < length)
                throw new IdxFormatException($"The header promises {what}, which are {length} bytes, but the file ends after {read}.");
        }

        private void RequireEnd(long length, string what)
        {
            Span<byte> extra = stackalloc byte[1];
            if (Fill(extra) > 0)
                throw new IdxFormatException($"The file goes on after {what}, which its header promises.");
        }

        private int Fill(Span<byte> buffer)
        {
            try
            {
                return _bytes.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            }
            catch (InvalidDataException damage)
            {
                throw new IdxFormatException("The gzip compression of the file is damaged or cut off.", damage);
            }
        }
    }
}
