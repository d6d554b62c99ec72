using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// What is known about one metric of one run without reading its points. <see cref="Min"/>, <see cref="Max"/>, <see cref="Best"/> and
/// <see cref="EpochMean"/> are over finite values, null while there is none; <see cref="NonFinite"/> says how many were left out.
/// </summary>
public sealed class MetricSeries
{
    public long Id { get; internal set; }

    public long RunNumber { get; init; }

    public required string Name { get; init; }

    /// <summary>
    /// What whoever made the series said of it; <see cref="MetricMeaning.Supposed"/> where that was nothing. Likewise the next two.
    /// </summary>
    public MetricDirection Direction { get; internal set; }

    public MetricRole Role { get; internal set; }

    public MetricSplit Split { get; internal set; }

    /// <summary>Points, the non-finite ones included.</summary>
    public long Count { get; internal set; }

    /// <summary>Points that are NaN or infinite.</summary>
    public long NonFinite { get; internal set; }

    /// <summary>Chunks that hold the points; all but the last are full.</summary>
    public int Chunks { get; internal set; }

    public long FirstStep { get; internal set; }

    /// <summary>No point at or before it is taken any more, so that a replay writes nothing twice.</summary>
    public long LastStep { get; internal set; }

    /// <summary>Unix milliseconds.</summary>
    public long LastTime { get; internal set; }

    /// <summary>Null where it is NaN, which databases cannot keep or sort.</summary>
    public double? Last { get; internal set; }

    public double? Min { get; internal set; }

    /// <summary>The first step with that value; likewise below.</summary>
    public long? MinStep { get; internal set; }

    public double? Max { get; internal set; }
    public long? MaxStep { get; internal set; }

    /// <summary>By the <see cref="Direction"/>; null where the series has none.</summary>
    public double? Best { get; internal set; }
    public long? BestStep { get; internal set; }

    /// <summary>The three that say what the metric means.</summary>
    internal MetricMeaning Meaning
    {
        get => new(Direction, Role, Split);
        set => (Direction, Role, Split) = (value.Direction, value.Role, value.Split);
    }

    /// <summary>The last step of the last epoch that ended.</summary>
    public long? EpochStep { get; internal set; }

    /// <summary>Mean of the points of that epoch.</summary>
    public double? EpochMean { get; internal set; }

    /// <summary>The value in the run's <see cref="MetricSnapshot"/>; null where there is none, or where it is NaN.</summary>
    public double? AtBest { get; internal set; }

    internal sealed class Mapping : IEntityTypeConfiguration<MetricSeries>
    {
        public void Configure(EntityTypeBuilder<MetricSeries> series)
        {
            series.HasKey(s => s.Id);
            series.HasIndex(s => new { s.RunNumber, s.Name }).IsUnique();
            // What runs are filtered and sorted by: each figure in its order, and all of them at one place to look up.
            series.HasIndex(s => new { s.Name, s.RunNumber, s.Last, s.Min, s.Max, s.AtBest });
            series.HasIndex(s => new { s.Name, s.Last, s.RunNumber });
            series.HasIndex(s => new { s.Name, s.Min, s.RunNumber });
            series.HasIndex(s => new { s.Name, s.Max, s.RunNumber });
            series.HasIndex(s => new { s.Name, s.AtBest, s.RunNumber });
            // Whether anybody says that a name is better low, or high, is one look each. The filter stands word for word in the question
            // (KnownNames), or the index would not be used.
            series.HasIndex(s => new { s.Name, s.Direction, s.RunNumber }).HasFilter("\"Direction\" <> 0");
            series.Ignore(s => s.Meaning);
            series.Property(s => s.Name).HasMaxLength(MetricNames.MaxLength);
            series.HasOne<Run>().WithMany().HasForeignKey(s => s.RunNumber);
        }
    }
}
