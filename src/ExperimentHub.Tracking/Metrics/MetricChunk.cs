using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// Up to <see cref="ChunkCodec.MaxPoints"/> points of a series in the order of their steps. Only the last chunk of a series is ever rewritten,
/// until it is full. Nulls mean what they mean in <see cref="MetricSeries"/>.
/// </summary>
public sealed class MetricChunk
{
    public long SeriesId { get; init; }

    /// <summary>Counts from 0 without gaps.</summary>
    public int Ordinal { get; init; }

    public long FirstStep { get; init; }
    public long LastStep { get; set; }
    public long FirstTime { get; init; }
    public long LastTime { get; set; }
    public int Count { get; set; }
    public int NonFinite { get; set; }
    public double? Min { get; set; }
    public double? Max { get; set; }
    public double? First { get; init; }
    public double? Last { get; set; }

    /// <summary>The points as <see cref="ChunkCodec"/> packs them. The last column, so that reading the others does not touch its pages.</summary>
    public required byte[] Data { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<MetricChunk>
    {
        public void Configure(EntityTypeBuilder<MetricChunk> chunk)
        {
            chunk.HasKey(c => new { c.SeriesId, c.Ordinal });
            chunk.HasOne<MetricSeries>().WithMany().HasForeignKey(c => c.SeriesId);
        }
    }
}
