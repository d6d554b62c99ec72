using System.IO.Compression;
using System.Net.Sockets;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>A folder on a public server that holds the files gzip-compressed.</summary>
internal sealed class MirrorSource(HttpClient http, Uri folder) : IDatasetSource
{
    // A closed network must cost seconds, a slow one may take its time: only the connection and silence are limited.
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(30);

    // gzip makes nothing larger by more than a few bytes per 32 KB.
    private const double CompressedAtMost = 1.01;

    public string Name => folder.Host;

    public static HttpClient CreateClient() =>
        new(new SocketsHttpHandler { ConnectTimeout = ConnectLimit, MaxAutomaticRedirections = 5 }) { Timeout = AnswerLimit };

    public async Task FetchAsync(IReadOnlyList<DatasetFile> files, string folder, FetchProgress progress, CancellationToken stop)
    {
        foreach (var file in files)
        {
            try
            {
                await FetchAsync(file, Path.Combine(folder, file.Name), progress, stop);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException or InvalidDataException
                || (failure is OperationCanceledException && !stop.IsCancellationRequested))
            {
                throw new DatasetSourceException($"{file.Name}.gz: {Reason(failure)}", failure);
            }
        }
    }

    private async Task FetchAsync(DatasetFile file, string path, FetchProgress progress, CancellationToken stop)
    {
        progress.Report($"Downloading {file.Name} from {Name}", null);
        using var response = await http.GetAsync(new Uri(folder, file.Name + ".gz"), HttpCompletionOption.ResponseHeadersRead, stop);
        response.EnsureSuccessStatusCode();
        var compressedSize = response.Content.Headers.ContentLength;
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await using var compressed = new BoundedStream(await response.Content.ReadAsStreamAsync(stop),
            (long)(file.Size * CompressedAtMost) + 1_000, read =>
        {
            silence.CancelAfter(SilenceLimit);
            progress.Report($"Downloading {file.Name} from {Name}", compressedSize > 0 ? Math.Min(1, (double)read / compressedSize.Value) : null);
        });
        await using Stream content = file.IsKeptCompressed
            ? compressed : new BoundedStream(new GZipStream(compressed, CompressionMode.Decompress), file.Size);
        await using var target = new FileStream(file.IsKeptCompressed ? path + DatasetFile.GzipEnding : path, FileMode.CreateNew, FileAccess.Write);
        await content.CopyToAsync(target, silence.Token);
    }

    private static string Reason(Exception failure) => failure switch
    {
        HttpRequestException { StatusCode: { } status } => $"the server answered {(int)status}",
        OperationCanceledException => "the server does not answer",
        _ => failure.GetBaseException().Message,
    };
}
