using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Parameters;

/// <summary>One hyperparameter of a run, written when the run is made, and anew where its spec changes.</summary>
public sealed class RunParam
{
    public int ParamId { get; init; }
    public ParamName Param { get; init; } = null!;

    public long RunNumber { get; init; }

    /// <summary>Null where it is no number.</summary>
    public double? Number { get; init; }

    /// <summary>As it stands in the spec: numbers and lists as JSON, texts without quotes.</summary>
    public required string Text { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<RunParam>
    {
        public void Configure(EntityTypeBuilder<RunParam> param)
        {
            // A hyperparameter's values lie together, so that filtering and sorting by it reads few pages.
            param.HasKey(p => new { p.ParamId, p.RunNumber });
            param.HasIndex(p => new { p.ParamId, p.Number, p.RunNumber });
            param.HasIndex(p => new { p.ParamId, p.Text, p.RunNumber });
            param.HasIndex(p => p.RunNumber);
            param.HasOne(p => p.Param).WithMany().HasForeignKey(p => p.ParamId);
            param.HasOne<Run>().WithMany(r => r.Params).HasForeignKey(p => p.RunNumber);
        }
    }
}
