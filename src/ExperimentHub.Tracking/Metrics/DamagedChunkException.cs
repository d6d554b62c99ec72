namespace ExperimentHub.Tracking.Metrics;

/// <summary>The bytes of a chunk are not what <see cref="ChunkCodec"/> writes.</summary>
public sealed class DamagedChunkException(string what) : Exception($"A chunk of metric points is damaged: {what}.");
