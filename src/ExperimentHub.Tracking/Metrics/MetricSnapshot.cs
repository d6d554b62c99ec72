using System.Text.Json;
using System.Text.Json.Serialization;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>Every metric of a run as it was at the end of the run's best epoch: one row to read.</summary>
public sealed class MetricSnapshot
{
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public long RunNumber { get; init; }

    /// <summary>The last step of the best epoch.</summary>
    public long Step { get; set; }

    /// <summary>Name to the last value at or before <see cref="Step"/>; metrics that began later are missing.</summary>
    public required IReadOnlyDictionary<string, double> Values { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<MetricSnapshot>
    {
        public void Configure(EntityTypeBuilder<MetricSnapshot> snapshot)
        {
            snapshot.HasKey(s => s.RunNumber);
            snapshot.Property(s => s.RunNumber).ValueGeneratedNever();
            snapshot.HasOne<Run>().WithOne().HasForeignKey<MetricSnapshot>(s => s.RunNumber);
            snapshot.Property(s => s.Values).HasConversion(values => Write(values), json => Read(json),
                new ValueComparer<IReadOnlyDictionary<string, double>>(
                (a, b) => a == b || (a != null && b != null && Write(a) == Write(b)), values => Write(values).GetHashCode(StringComparison.Ordinal),
                values => Read(Write(values))));
        }

        private static string Write(IReadOnlyDictionary<string, double> values) => JsonSerializer.Serialize(values, Json);

        private static Dictionary<string, double> Read(string json) => JsonSerializer.Deserialize<Dictionary<string, double>>(json, Json)!;
    }
}
