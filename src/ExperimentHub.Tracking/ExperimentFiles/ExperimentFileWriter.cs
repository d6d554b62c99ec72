using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>Writes entries one after the other to a stream that only goes forward, and notes what each one is for the manifest.</summary>
internal sealed class ExperimentFileWriter : IAsyncDisposable
{
    private readonly PatientStream _target;
    private readonly ZipArchive _zip;
    private readonly List<ManifestEntry> _entries = [];

    private ExperimentFileWriter(PatientStream target, ZipArchive zip) => (_target, _zip) = (target, zip);

    public IReadOnlyList<ManifestEntry> Entries => _entries;

    public static async Task<ExperimentFileWriter> OpenAsync(Stream target, CancellationToken cancellation)
    {
        var patient = new PatientStream(target);
        return new ExperimentFileWriter(patient,
            await ZipArchive.CreateAsync(patient, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellation));
    }

    /// <param name="level">Weights and packed points are noise to a compressor; they are stored.</param>
    /// <param name="content">Each piece is only read until the next one is asked for.</param>
    public async Task AddAsync(string name, CompressionLevel level, IAsyncEnumerable<ReadOnlyMemory<byte>> content, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var size = 0L;
        await using (var entry = await _zip.CreateEntry(name, level).OpenAsync(cancellation))
        {
            await foreach (var piece in content.WithCancellation(cancellation))
            {
                hash.AppendData(piece.Span);
                size += piece.Length;
                await entry.WriteAsync(piece, cancellation);
            }
        }

        _entries.Add(new ManifestEntry(name, size, Convert.ToHexStringLower(hash.GetHashAndReset())));
    }

    public Task AddJsonAsync<T>(string name, T value, CancellationToken cancellation) =>
        AddAsync(name, CompressionLevel.Optimal, Whole(JsonSerializer.SerializeToUtf8Bytes(value, ExperimentFileFormat.Json)), cancellation);

    public Task AddFileAsync(string name, Stream file, CancellationToken cancellation) =>
        AddAsync(name, CompressionLevel.NoCompression, Pieces(file, cancellation), cancellation);

    public async ValueTask DisposeAsync()
    {
        await _zip.DisposeAsync();
        await _target.FlushAsync();
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Whole(byte[] bytes)
    {
        yield return bytes;
        await Task.CompletedTask;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> Pieces(Stream file, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var buffer = new byte[1 << 17];
        for (int read; (read = await file.ReadAsync(buffer, cancellation)) > 0;)
            yield return buffer.AsMemory(0, read);
    }
}
